package autodiscover

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
)

// Protocol is how a place was asked.
type Protocol string

// The protocols.
const (
	SOAP     Protocol = "soap"
	POX      Protocol = "pox"
	Redirect Protocol = "redirect" // GET without a login
	SRV      Protocol = "srv"
)

// Step is one thing that was asked, and what came back.
type Step struct {
	Protocol Protocol `json:"protocol"`
	// Asked is the address, or the name of the service record.
	Asked string `json:"asked"`
	// Status is the HTTP status, 0 without an answer.
	Status int `json:"status,omitempty"`
	// Code is why it led no further; "" if it did.
	Code fault.Code `json:"code,omitempty"`
	// Detail is what came back, in short: an address, a redirect, the server's words.
	Detail string `json:"detail,omitempty"`
}

// Proposal is a way to reach the mail server.
type Proposal struct {
	// Server, Port and SSL are what goes into communication.server and so on.
	Server string `json:"server"`
	Port   int    `json:"port"`
	SSL    bool   `json:"ssl"`
	// Address is the whole EWS address.
	Address string `json:"address"`
	// Usual tells that Address is what server, port and ssl amount to anyway.
	Usual bool `json:"usual"`
	// Internal tells that the server means it for clients inside its network.
	Internal bool `json:"internal"`
	// Schemas are the EWS versions the server says it knows; may be "".
	Schemas string `json:"schemas,omitempty"`
	// Code is [fault.NeedsGraph] for Microsoft 365, [fault.PlainTextLoginRefused]
	// for an address without TLS; "" where nothing stands against it.
	Code fault.Code `json:"code,omitempty"`
}

// Question asks a person whether a login may go to a host.
type Question struct {
	// Host would get the login.
	Host string `json:"host"`
	// From is what named it.
	From string `json:"from"`
}

// Request says what to look for.
type Request struct {
	// Mail is the address of a mailbox.
	Mail string
	// Logins in order of preference, as for EWS.
	Logins []ews.Login
	// Trusted are hosts that may get the login beside those of the mail domain.
	Trusted []string
	// Consent is asked before a login goes to any other host; nil always says no.
	Consent func(context.Context, Question) bool
}

// Result is what was found. Code is "" if there is a proposal.
type Result struct {
	Mail      string     `json:"mail"`
	Proposals []Proposal `json:"proposals"`
	// Questions are the hosts that would have got the login, had somebody agreed.
	Questions []Question `json:"questions"`
	Steps     []Step     `json:"steps"`
	Code      fault.Code `json:"code,omitempty"`
}

// Resolver is what is needed of the DNS: [net.Resolver].
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// Options make a Finder.
type Options struct {
	// TLS holds what is trusted; nil for the system's.
	TLS *tls.Config
	// UserAgent names the program in servers' logs.
	UserAgent string
	// NewID gives a GUID for each request.
	NewID func() string
	// Resolver is the system's when nil; Dial too.
	Resolver Resolver
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	// Time bounds the whole search [90 s].
	Time time.Duration
	// Timeouts bound each step; their zero values are shorter than for EWS.
	Timeouts ews.Timeouts
}
