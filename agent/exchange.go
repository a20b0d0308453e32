package agent

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strconv"

	"github.com/google/uuid"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/logbook"
	"abgleich/agent/params"
	"abgleich/agent/side/exchange"
	"abgleich/agent/status"
)

// mailServer makes the one server object all users share, after the parameters.
func mailServer(p params.Params, version string) (*ews.Server, error) {
	trusted, err := certificates(p.Communication.CertificateFile)
	if err != nil {
		return nil, err
	}
	endpoint := p.Communication.Endpoint()
	if endpoint == "" {
		// Without a server nobody is synced (people.word); the object is needed all
		// the same, and the name is one that can't exist (RFC 6761).
		endpoint = "https://invalid./EWS/Exchange.asmx"
	}
	return ews.NewServer(ews.ServerOptions{
		URL: endpoint, TLS: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}, UserAgent: "Abgleich/" + version,
	})
}

// certificates are the system's and those of the file, nil for the system's alone.
func certificates(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	const op = "agent.certificates"
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New(fault.ParameterInvalid, op, "communication.certificate_file", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fault.New(fault.ParameterInvalid, op, "communication.certificate_file", errors.New("no certificate in the file"))
	}
	return pool, nil
}

func (l *life) openExchange(o Options, p params.Params, logs *logbook.Book, r rooms) (*exchange.Side, *exchange.EventServer, error) {
	server, err := mailServer(p, o.Version)
	if err != nil {
		return nil, nil, err
	}
	events, how, failed := l.openEvents(p, logs)
	r.board.SetAgent(func(s *status.Agent) { s.Notifications, s.EventsCode = how, failed })
	if events != nil {
		l.background(newGatekeeper(o, p, r.board, logs.Service()).run)
	}
	ex := exchange.New(exchange.Options{
		Server: server, Credentials: newLogins(r.opener, p, server.TLS()).credential, NewID: uuid.NewString, Events: events,
	})
	l.onStop(func(context.Context) error { return ex.Close() })
	return ex, events, nil
}

// openEvents opens the event port where the parameters want pushes. A port that
// can't be opened is no reason not to sync: then a stream is listened to.
func (l *life) openEvents(p params.Params, logs *logbook.Book) (events *exchange.EventServer, how string, failed fault.Code) {
	wanted := p.Sync.Notifications == params.NotifyPush || p.Sync.Notifications == params.NotifyAuto
	switch {
	case p.Sync.Notifications == params.NotifyInterval:
		return nil, string(params.NotifyInterval), ""
	case !wanted || p.Events.Server == "":
		return nil, string(params.NotifyStreaming), ""
	}
	port, err := net.Listen("tcp", p.Events.ListenAddress())
	if err != nil {
		logs.Service().WithError(err).WithField("code", fault.EventServerFailed).Warn("the event port cannot be opened: streaming instead")
		return nil, string(params.NotifyStreaming), fault.EventServerFailed
	}
	events = exchange.NewEventServer("http://" + net.JoinHostPort(p.Events.Server, strconv.Itoa(p.Events.Port)))
	l.background(func(ctx context.Context) error { return events.Serve(ctx, port) })
	return events, string(params.NotifyPush), ""
}
