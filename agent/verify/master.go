package verify

import (
	"context"
	"net/url"
	"strings"

	"abgleich/agent/fault"
)

func (c *course) agent(context.Context) verdict { return fine("agent " + c.o.Version) }

func (c *course) employee(ctx context.Context) verdict {
	args := map[string]string{"user": string(c.req.User)}
	if c.req.User == "" {
		return verdict{state: Failed, code: fault.EmployeeUnknown, args: args, detail: "no User-ID belongs to this login"}
	}
	e, err := c.o.Employees.Employee(ctx, c.req.User)
	if err != nil {
		return failure(err, args)
	}
	c.mail = strings.TrimSpace(e.Mail)
	if c.o.Ties != nil {
		c.tied = e.Tied
	}
	if !e.Active {
		return verdict{state: Failed, code: fault.EmployeeInactive, args: args}
	}
	return fine(string(c.req.User))
}

func (c *course) email(context.Context) verdict {
	if c.mail == "" {
		return verdict{state: Failed, code: fault.EmployeeWithoutMail, args: map[string]string{"user": string(c.req.User)}}
	}
	return fine(c.mail)
}

func (c *course) permissions(ctx context.Context) verdict {
	if err := c.o.Employees.MaySync(ctx, c.req.User); err != nil {
		return failure(err, map[string]string{"user": string(c.req.User)})
	}
	return fine("")
}

func (c *course) serviceUser(ctx context.Context) verdict {
	if err := c.o.Employees.ServiceUser(ctx); err != nil {
		return failure(err, nil)
	}
	return fine("")
}

// parameters goes on where sync is only switched off: everything else can be
// tried before it is switched on.
func (c *course) parameters(ctx context.Context) verdict {
	s, err := c.o.Settings(ctx)
	if err != nil {
		return failure(err, nil)
	}
	c.settings = s
	if s.Endpoint == "" {
		return verdict{state: Failed, code: fault.ParametersIncomplete, args: map[string]string{"key": "communication.server"}}
	}
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return verdict{state: Failed, code: fault.ParameterInvalid, args: map[string]string{"key": "communication.server"}, detail: s.Endpoint}
	}
	c.url, c.host, c.port = u, u.Hostname(), u.Port()
	if c.port == "" {
		c.port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	c.args = map[string]string{"server": c.host, "port": c.port}
	if !s.SyncEnabled {
		return verdict{state: Failed, code: fault.SyncDisabled, open: true}
	}
	return fine(s.Endpoint)
}
