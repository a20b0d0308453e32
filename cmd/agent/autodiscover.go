package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"abgleich/agent"
	"abgleich/agent/autodiscover"
	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/params"
)

// discovery is one search for the mail server, as it was asked for.
type discovery struct {
	*global
	mail, user string
	apply, yes bool
}

func paramsAutodiscoverCommand(g *global) *cobra.Command {
	d := discovery{global: g}
	c := &cobra.Command{
		Use: "autodiscover MAIL", Short: g.t("Mailserver zu einer E-Mail-Adresse suchen", "find the mail server of an e-mail address"),
		Long: g.t("Schlägt Server, Port und EWS-Adresse vor und zeigt jeden Schritt. Eine fest eingetragene Adresse (communication.address) gilt immer vor.\n"+
			"Das Passwort wird am Terminal ohne Anzeige erfragt oder von der Standardeingabe gelesen. Es geht nur über TLS und nur an die Maildomäne; an andere Server erst nach Zustimmung.",
			"Proposes server, port and EWS address and shows every step. A fixed address (communication.address) always wins.\n"+
				"The password is asked for on the terminal without echo, or read from standard input. It goes over TLS only and to the mail domain only; to other servers when you agree."),
		Example: "  agent params autodiscover anna@example.com --user 'EXAMPLE\\anna'\n  agent params autodiscover anna@example.com --apply",
		Args:    g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			d.mail = args[0]
			return d.run(c.Context())
		},
	}
	f := c.Flags()
	f.StringVar(&d.user, "user", "", g.t("Anmeldename, falls nicht die E-Mail-Adresse", "login name if it isn't the e-mail address"))
	f.BoolVar(&d.apply, "apply", false, g.t("den ersten brauchbaren Vorschlag in die Parameter übernehmen", "take the first usable proposal over into the parameters"))
	f.BoolVar(&d.yes, "yes", false, g.t("der Anmeldung an Servern außerhalb der Maildomäne zustimmen", "agree to the login at servers outside the mail domain"))
	return c
}

func (d *discovery) run(ctx context.Context) error {
	p, _, err := d.file().Load()
	if fault.Has(err, fault.NotFound) && !d.apply {
		p, err = d.file().Default(), nil // before there is a file is when one looks
	}
	if err != nil {
		return d.missingFile(err)
	}
	trusted, err := agent.MailTLS(p)
	if err != nil {
		return err
	}
	user := d.user
	switch {
	case user == "":
		user = d.mail
	case p.Communication.Domain != "" && !strings.ContainsAny(user, `\@`):
		user = p.Communication.Domain + `\` + user
	}
	secret, err := d.password(d.t("Passwort von ", "Password of ") + user)
	if err != nil {
		return err
	}
	request := autodiscover.Request{Mail: d.mail, Logins: []ews.Login{ews.NTLM(user, secret), ews.Basic(user, secret)},
		Consent: func(_ context.Context, q autodiscover.Question) bool { return d.agree(q) }}
	if p.Communication.Server != "" {
		request.Trusted = []string{p.Communication.Server}
	}
	result, err := autodiscover.New(autodiscover.Options{TLS: trusted, UserAgent: "Abgleich/" + version, NewID: uuid.NewString,
		Resolver: d.resolver, Dial: d.connect}).Find(ctx, request)
	if fault.Has(err, fault.BadRequest) {
		return usageError{fmt.Errorf(d.t("%q ist keine E-Mail-Adresse", "%q is not an e-mail address"), d.mail)}
	}
	if err != nil {
		return err
	}
	return d.finish(ctx, result, p.Communication.Address)
}

// agree asks the person on the terminal; without one only --yes agrees.
func (d *discovery) agree(q autodiscover.Question) bool {
	f, ok := terminal(d.in)
	if d.yes || !ok {
		return d.yes
	}
	fmt.Fprintf(d.err, d.t("%s verweist auf %s. Anmeldung dorthin senden? [j/N] ", "%s points to %s. Send the login there? [y/N] "), q.From, q.Host)
	line, err := bufio.NewReader(io.LimitReader(f, 100)).ReadString('\n')
	answer := strings.ToLower(strings.TrimSpace(line))
	return err == nil && slices.Contains([]string{"j", "ja", "y", "yes"}, answer)
}

// found is a search as JSON.
type found struct {
	autodiscover.Result
	// Fixed is communication.address, which wins over every proposal.
	Fixed string `json:"fixed,omitempty"`
	// Applied are the parameters that were changed.
	Applied map[string]string `json:"applied,omitempty"`
}

func (d *discovery) finish(ctx context.Context, r autodiscover.Result, fixed string) error {
	v := found{Result: r, Fixed: fixed}
	var failure error
	if r.Code != "" {
		failure = fault.New(r.Code, "params.autodiscover", d.mail, nil)
	} else if d.apply {
		v.Applied, failure = d.take(ctx, r, fixed)
	}
	if err := d.show(v, func(w io.Writer) { d.tell(w, v) }); err != nil {
		return err
	}
	return failure
}

// take writes the first usable proposal into the parameters.
func (d *discovery) take(ctx context.Context, r autodiscover.Result, fixed string) (map[string]string, error) {
	if fixed != "" {
		return nil, errors.New(d.t("communication.address ist fest eingetragen und gilt vor; es wurde nichts geändert",
			"communication.address is fixed and wins; nothing was changed"))
	}
	i := slices.IndexFunc(r.Proposals, func(p autodiscover.Proposal) bool { return p.Code == "" })
	if i < 0 {
		return nil, fault.New(r.Proposals[0].Code, "params.autodiscover", r.Proposals[0].Server, nil)
	}
	p := r.Proposals[i]
	values := map[string]string{"communication.server": p.Server, "communication.port": strconv.Itoa(p.Port), "communication.ssl": strconv.FormatBool(p.SSL)}
	if !p.Usual {
		values["communication.address"] = p.Address
	}
	var changes []params.Change
	for k, v := range values {
		changes = append(changes, params.Change{Key: k, Value: v})
	}
	quiet := *d.global
	quiet.out = io.Discard // what was changed stands in this command's own answer
	if err := quiet.setParameters(ctx, values, changes); err != nil {
		return nil, err
	}
	return values, nil
}

func (d *discovery) tell(w io.Writer, v found) {
	rows := [][]string{{d.t("SCHRITT", "STEP"), d.t("GEFRAGT", "ASKED"), "HTTP", d.t("ERGEBNIS", "RESULT")}}
	for _, s := range v.Steps {
		said := s.Detail
		if s.Code != "" {
			said, _ = d.sayFault(string(s.Code), "")
			if s.Detail != "" {
				said += " (" + s.Detail + ")"
			}
		}
		status := "–"
		if s.Status != 0 {
			status = strconv.Itoa(s.Status)
		}
		rows = append(rows, []string{string(s.Protocol), s.Asked, status, said})
	}
	table(w, rows)
	for _, q := range v.Questions {
		fmt.Fprintf(w, d.t("Nicht gefragt, weil niemand zugestimmt hat: %s (genannt von %s). Zustimmen mit --yes.\n",
			"Not asked because nobody agreed: %s (named by %s). Agree with --yes.\n"), q.Host, q.From)
	}
	if len(v.Proposals) == 0 {
		return
	}
	fmt.Fprintln(w)
	rows = [][]string{{"SERVER", "PORT", "SSL", d.t("EWS-ADRESSE", "EWS ADDRESS"), d.t("HINWEIS", "NOTE")}}
	for _, p := range v.Proposals {
		note := ""
		if p.Internal {
			note = d.t("nur im internen Netz", "inside the network only")
		}
		if p.Code != "" {
			note, _ = d.sayFault(string(p.Code), p.Server)
		}
		rows = append(rows, []string{p.Server, strconv.Itoa(p.Port), d.yesNo(p.SSL), p.Address, note})
	}
	table(w, rows)
	switch {
	case len(v.Applied) > 0:
		fmt.Fprintln(w, d.t("Übernommen.", "Taken over."))
	case v.Fixed != "":
		fmt.Fprintln(w, d.t("Es gilt die fest eingetragene Adresse:", "The fixed address holds:"), v.Fixed)
	}
}
