package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/service"
	"abgleich/ipc/pipe"
)

// installed is one agent of this machine, for lists.
type installed struct {
	Instance   string        `json:"instance"` // "" is the agent without a name
	Service    string        `json:"service"`
	State      service.State `json:"state"`
	Parameters string        `json:"parameters"`
	EventPort  int           `json:"event_port,omitempty"`
	Address    string        `json:"address,omitempty"`
}

func serviceListCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: g.t("alle Dienste dieses Rechners, mit und ohne Namen", "all agents of this machine, named or not"),
		Example: "  agent service list\n  agent service list --json", Args: g.arguments(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			names, err := g.manager.Installed(c.Context())
			if err != nil {
				return err
			}
			all := []installed{}
			for _, i := range names {
				info, err := g.managers(i).Status(c.Context())
				if err != nil {
					return err
				}
				v := installed{Instance: string(i), Service: i.Service(), State: info.State, Parameters: g.pathOf(i)}
				if p, _, err := params.FileOf(i, v.Parameters).Load(); err == nil {
					v.EventPort, v.Address = p.Events.Port, p.IPC.Address
				}
				all = append(all, v)
			}
			return g.show(all, func(w io.Writer) {
				rows := [][]string{{g.t("INSTANZ", "INSTANCE"), g.t("ZUSTAND", "STATE"), g.t("EVENTPORT", "EVENT PORT"), g.t("PARAMETER", "PARAMETERS")}}
				for _, v := range all {
					name, port := v.Instance, ""
					if name == "" {
						name = "-"
					}
					if v.EventPort != 0 {
						port = strconv.Itoa(v.EventPort)
					}
					rows = append(rows, []string{name, g.serviceState(v.State), port, v.Parameters})
				}
				table(w, rows)
			})
		},
	}
}

// each calls f for every installed instance and for those named besides, to the last,
// whatever becomes of one.
func (g *global) each(ctx context.Context, f func(g *global) error, besides ...pipe.Instance) error {
	names, err := g.manager.Installed(ctx)
	if err != nil {
		return err
	}
	names = append(names, besides...)
	slices.Sort(names)
	for _, i := range slices.Compact(names) {
		if e := f(g.of(i)); e != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", i.Service(), e))
		}
	}
	return err
}

// An uninstallation of the program removes the services of all agents and leaves a
// mark beside each named one's parameters, so that the next installation brings them
// back with the data that was kept. Whoever removes one by hand leaves no mark.
const markEnd = ".reinstall"

func (g *global) mark() string { return g.parameterFile + markEnd }

func (g *global) leaveMark() error {
	err := os.WriteFile(g.mark(), nil, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return nil // no folder, nothing to bring back
	}
	return err
}

// marked are the named agents that were removed with the program.
func (g *global) marked() []pipe.Instance {
	pattern := g.pathOf("*") + markEnd
	before, behind, _ := strings.Cut(pattern, "*")
	files, _ := filepath.Glob(pattern) // only a bad pattern fails
	var all []pipe.Instance
	for _, f := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(f, before), behind)
		if i, err := pipe.ParseInstance(name); err == nil && string(i) == name {
			all = append(all, i)
		}
	}
	return all
}

// bringBack installs those that are marked.
func (g *global) bringBack(ctx context.Context) (err error) {
	for _, i := range g.marked() {
		one := g.of(i)
		if e := one.install(ctx, false, nil, ""); e != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", i.Service(), e))
			continue
		}
		err = errors.Join(err, os.Remove(one.mark()))
	}
	return err
}

// of is this command line for another instance.
func (g *global) of(i pipe.Instance) *global {
	one := *g
	one.instance, one.manager, one.parameterFile = i, g.managers(i), g.pathOf(i)
	return &one
}

// allFlag is --all of a command that else works on one instance.
func (g *global) allFlag(c *cobra.Command, german, english string) *bool {
	all := c.Flags().Bool("all", false, g.t(german, english))
	check := c.Args
	c.Args = func(c *cobra.Command, args []string) error {
		if *all && g.instance != "" {
			return usageError{errors.New(g.t("--all meint alle; ohne --instance", "--all means all; without --instance"))}
		}
		return check(c, args)
	}
	return all
}

// neighbours are the parameters of the other agents on this machine, as far as they
// can be read.
func (g *global) neighbours(ctx context.Context) map[pipe.Instance]params.Params {
	names, err := g.manager.Installed(ctx)
	if err != nil {
		return nil
	}
	all := map[pipe.Instance]params.Params{}
	for _, i := range names {
		if p, _, err := params.FileOf(i, g.pathOf(i)).Load(); i != g.instance && err == nil {
			all[i] = p
		}
	}
	return all
}

// sharedPort refuses an event port that another agent of this machine listens on.
// Code [fault.EventPortShared].
func (g *global) sharedPort(ctx context.Context, e params.Events) error {
	for i, p := range g.neighbours(ctx) {
		if p.Events.Port == e.Port && (p.Events.Listen == e.Listen || p.Events.Listen == "" || e.Listen == "") {
			return fault.New(fault.EventPortShared, "agent.sharedPort", i.Service(), fmt.Errorf("%s: events.port = %d", g.pathOf(i), e.Port))
		}
	}
	return nil
}

// freePort is the standard event port, or the next one above that no other agent of
// this machine has.
func (g *global) freePort(ctx context.Context) int {
	taken := map[int]bool{}
	for _, p := range g.neighbours(ctx) {
		taken[p.Events.Port] = true
	}
	port := params.DefaultOf(g.instance).Events.Port
	if g.instance != "" {
		port++ // the first is for the agent without a name, which may come later
	}
	for taken[port] {
		port++
	}
	return port
}

// portStaysFree refuses values that would give this agent the event port of another.
func (g *global) portStaysFree(ctx context.Context, values map[string]string) error {
	_, port := values["events.port"]
	_, listen := values["events.listen"]
	if !port && !listen {
		return nil
	}
	p, _, err := g.file().Load()
	if err != nil {
		p = g.file().Default()
	}
	if port {
		n, err := strconv.Atoi(values["events.port"])
		if err != nil {
			return nil // refused for another reason
		}
		p.Events.Port = n
	}
	if listen {
		p.Events.Listen = values["events.listen"]
	}
	return g.sharedPort(ctx, p.Events)
}
