package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"abgleich/agent/autodiscover"
	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/service"
	"abgleich/assets"
	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
	"abgleich/ipc/pin"
	"abgleich/ipc/pipe"
)

// version is set by the build (-ldflags "-X main.version=1.2.3").
var version = "dev"

// Exit codes of the command line.
const (
	exitFine        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitUnreachable = 3
)

// global holds what every command may need; one per execution, no package state.
type global struct {
	parameterFile string        // --parameters
	fileNamed     func() bool   // whether the person named it, as opposed to the default
	address       string        // --agent
	instance      pipe.Instance // --instance; "" is the agent without a name
	json          bool          // --json

	lang  assets.Lang
	texts *assets.Catalog

	in       io.Reader
	out, err io.Writer
	// managers gives the service manager of an instance; manager is that of the one meant.
	managers func(pipe.Instance) service.Manager
	manager  service.Manager
	// pathOf is where an instance's parameter file stands.
	pathOf func(pipe.Instance) string

	// keeper remembers an agent's key; nil for where the person's keys are.
	keeper func(address string) *pin.Keeper

	// connect and resolver reach the network; nil for the system's.
	connect  func(ctx context.Context, network, address string) (net.Conn, error)
	resolver autodiscover.Resolver
}

// usageError marks a wrong use of the command line.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// silentError fails a command that has already said why.
type silentError struct{ code int }

func (silentError) Error() string { return "failed" }

// execute runs one command line and gives its exit code.
func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	return (&global{in: in, out: out, err: errOut, managers: service.NewManager, pathOf: params.DefaultPath}).execute(ctx, args)
}

func (g *global) execute(ctx context.Context, args []string) int {
	lang, langErr := languageOf(args)
	g.lang, g.texts = lang, assets.Texts(lang)
	instance, instanceErr := g.instanceOf(args)
	g.instance, g.manager = instance, g.managers(instance)
	root := rootCommand(g)
	root.SetArgs(manualSpelling(args))
	root.SetIn(g.in)
	root.SetOut(g.out)
	root.SetErr(g.err)
	err := cmp.Or(langErr, instanceErr)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	if err == nil {
		return exitFine
	}
	if s, ok := errors.AsType[silentError](err); ok {
		return s.code
	}
	g.printError(err)
	switch {
	case isUsage(err):
		return exitUsage
	case errors.Is(err, pipe.ErrUnreachable), errors.Is(err, pipe.ErrUntrusted):
		return exitUnreachable
	}
	if _, ok := errors.AsType[*pin.Error](err); ok {
		return exitUnreachable
	}
	return exitFailed
}

// t picks a text in the language of the person.
func (g *global) t(german, english string) string {
	if g.lang == assets.English {
		return english
	}
	return german
}

// valueOf finds a flag's value before the flags are parsed.
func valueOf(flag string, args []string) (value string, given bool) {
	for i, a := range args {
		if a == "--" {
			break
		}
		if v, ok := strings.CutPrefix(a, flag+"="); ok {
			value, given = v, true
		} else if a == flag && i+1 < len(args) {
			value, given = args[i+1], true
		}
	}
	return value, given
}

// languageOf finds --lang early: help texts depend on it.
func languageOf(args []string) (assets.Lang, error) {
	name, given := valueOf("--lang", args)
	if !given {
		name = string(assets.German)
	}
	lang, ok := assets.ParseLang(name)
	if !ok {
		return lang, usageError{errors.New("--lang: de | en")}
	}
	return lang, nil
}

// instanceOf finds --instance early: the defaults of other flags depend on it. Where
// the agent is named otherwise it would be named twice.
func (g *global) instanceOf(args []string) (pipe.Instance, error) {
	name, given := valueOf("--instance", args)
	address, named := valueOf("--agent", args)
	if _, err := pipe.AddressOf(address); named && err != nil {
		return "", usageError{fmt.Errorf("--agent %s: SERVER, SERVER/%s", address, g.t("INSTANZ", "INSTANCE"))}
	}
	switch {
	case !given:
		return "", nil
	case named:
		return "", usageError{fmt.Errorf(g.t("--agent nennt den Dienst schon: --agent %s/%s, ohne --instance", "--agent names the agent already: --agent %s/%s, without --instance"),
			cmp.Or(address, "SERVER"), cmp.Or(name, "NAME"))}
	}
	i, err := pipe.ParseInstance(name)
	if err != nil {
		return "", usageError{fmt.Errorf(g.t("--instance %s: 1 bis 20 Buchstaben a bis z, Ziffern und Bindestriche, vorne ein Buchstabe, hinten kein Bindestrich",
			"--instance %s: 1 to 20 letters a to z, digits and hyphens, a letter first and no hyphen last"), name)}
	}
	return i, nil
}

func rootCommand(g *global) *cobra.Command {
	root := &cobra.Command{
		Use: "agent",
		Short: g.t("Hält eine Unternehmensdatenbank und Exchange-Kalender gleich",
			"Keeps a business database and Exchange calendars the same"),
		Example: "  agent demo\n  agent params init\n  agent service install\n  agent status --watch",
		Version: version, SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	f := root.PersistentFlags()
	f.StringVar(&g.parameterFile, "parameters", g.pathOf(g.instance), g.t("Parameterdatei des Dienstes", "parameter file of the agent"))
	f.StringVar(&g.address, "agent", "", g.t("laufender Dienst: SERVER, SERVER/INSTANZ, Socket oder Pipe (sonst: der dieses Rechners)",
		"the running agent: SERVER, SERVER/INSTANCE, a socket or a pipe (default: this machine's)"))
	f.String("instance", "", g.t("einer von mehreren Diensten dieses Rechners, jeder mit eigener Datenbank", "one of several agents of this machine, each with a database of its own"))
	f.BoolVar(&g.json, "json", false, g.t("Ausgabe als JSON", "print JSON"))
	f.String("lang", string(assets.German), g.t("Sprache: de oder en", "language: de or en"))
	// Package service looks for it by itself; here it only must not be refused.
	f.Bool(service.RunArgument[2:], false, "")
	_ = f.MarkHidden(service.RunArgument[2:])
	g.fileNamed = func() bool { return f.Changed("parameters") }
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	// Before the command is looked for, or their names would take the next word as
	// a value.
	root.InitDefaultHelpFlag()
	root.InitDefaultVersionFlag()
	root.SetHelpCommand(&cobra.Command{Hidden: true, Use: "no-help"})
	if g.lang == assets.German {
		root.SetUsageTemplate(germanUsage(root.UsageTemplate()))
	}
	root.AddCommand(
		runCommand(g), serviceCommand(g), paramsCommand(g), employeesCommand(g), credentialsCommand(g), verifyCommand(g),
		statusCommand(g), checkCommand(g), syncCommand(g), pauseCommand(g), resumeCommand(g), problemsCommand(g), holdsCommand(g),
		compareCommand(g), optionsCommand(g), looksCommand(g),
		runsCommand(g), trashCommand(g), undoCommand(g), logCommand(g), diagnosticsCommand(g), dbCommand(g), backupCommand(g), restoreCommand(g), noticeCommand(g), trustCommand(g), simCommand(g), demoCommand(g), versionCommand(g),
	)
	return root
}

// germanUsage puts German headings into cobra's template.
func germanUsage(template string) string {
	return strings.NewReplacer(
		"Usage:", "Aufruf:", "Aliases:", "Auch:", "Examples:", "Beispiele:", "Available Commands:", "Befehle:",
		"Additional Commands:", "Weitere Befehle:", "Global Flags:", "Schalter für alle Befehle:", "Flags:", "Schalter:",
		"Additional help topics:", "Weitere Hilfe:",
		`Use "{{.CommandPath}} [command] --help" for more information about a command.`,
		`Mehr zu einem Befehl: {{.CommandPath}} [Befehl] --help`,
	).Replace(template)
}

// group is a command that only holds others.
func (g *global) group(use, german, english string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: g.t(german, english),
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New(g.t("Befehl fehlt: ", "command missing: ") + c.CommandPath() + " --help")}
			}
			return usageError{errors.New(g.t("unbekannter Befehl: ", "unknown command: ") + args[0])}
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	c.AddCommand(commands...)
	return c
}

// arguments checks their number and says which are meant.
func (g *global) arguments(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if n := len(args); n < least || n > most {
			return usageError{errors.New(g.t("Aufruf: ", "usage: ") + c.UseLine())}
		}
		return nil
	}
}

// manualSpelling accepts the replaced product's /INSTALL and /UNINSTALL, in any
// case and with a dash, as its manual tells administrators to type them. Flags
// may stand before and behind.
func manualSpelling(args []string) []string {
	at := 0
	for at < len(args) {
		flag, _, whole := strings.Cut(args[at], "=")
		if flag == "--json" {
			at++
			continue
		}
		if !slices.Contains([]string{"--parameters", "--agent", "--instance", "--lang"}, flag) {
			break
		}
		if at++; !whole {
			at++
		}
	}
	if at >= len(args) || args[at] == "" || args[at][0] != '/' && args[at][0] != '-' {
		return args
	}
	switch word := strings.ToLower(strings.TrimLeft(args[at], "/-")); word {
	case "install", "uninstall":
		return slices.Concat(args[:at], []string{"service", word}, args[at+1:])
	}
	return args
}

func isUsage(err error) bool {
	if _, ok := errors.AsType[usageError](err); ok {
		return true
	}
	// cobra has no types for these.
	s := err.Error()
	return strings.HasPrefix(s, "unknown command") || strings.HasPrefix(s, "required flag") || strings.Contains(s, "arg(s), ") ||
		strings.HasPrefix(s, "if any flags in the group")
}

// dial connects to the agent the person means: the one named by --agent, else the
// one the parameter file names, else this machine's.
func (g *global) dial() *client.Client {
	address := g.address
	if address == "" {
		if p, _, err := g.file().Load(); err == nil {
			address = p.IPC.Address
		} else if g.instance != "" {
			address = "localhost/" + string(g.instance)
		}
	}
	c := client.New(address, version)
	if g.keeper != nil {
		c.Key = g.keeper(c.Address)
	}
	return c
}

func (g *global) file() *params.File { return params.FileOf(g.instance, g.parameterFile) }

// command is a command line as a person types it for the instance meant.
func (g *global) command(words string) string {
	if g.instance == "" {
		return "agent " + words
	}
	return "agent --instance " + string(g.instance) + " " + words
}

// withAgent calls f with a client that found its agent and its contract.
func (g *global) withAgent(ctx context.Context, f func(*client.Client) error) error {
	c := g.dial()
	defer c.Close()
	h, err := c.Greet(ctx)
	if err != nil {
		return err
	}
	if other := g.otherFile(h); other != "" {
		return usageError{fmt.Errorf(g.t("der Dienst, der läuft, hat eine andere Parameterdatei: %s. Ist er gemeint, nennen Sie ihn: --agent %s",
			"the agent that runs has another parameter file: %s. If it is meant, name it: --agent %s"), other, c.Address)}
	}
	return f(c)
}

// otherFile is the parameter file of an agent that the person can't mean: it keeps
// another one than he named. "" if it may be the one.
func (g *global) otherFile(h *contract.HelloResponse) string {
	if g.address != "" || !g.fileNamed() || h.GetParameterFile() == "" {
		return ""
	}
	mine, err := os.Stat(g.parameterFile)
	if err != nil {
		return h.GetParameterFile()
	}
	theirs, err := os.Stat(h.GetParameterFile())
	if err == nil && os.SameFile(mine, theirs) {
		return ""
	}
	return h.GetParameterFile()
}

// agentOr calls with when an agent runs over the parameter file, and without when
// surely none does. An agent that is there and can't be used is an error: two must not
// write one file.
func (g *global) agentOr(ctx context.Context, with func(*client.Client) error, without func() error) error {
	c := g.dial()
	defer c.Close()
	h, err := c.Greet(ctx)
	switch {
	case err == nil && g.otherFile(h) != "":
		return without()
	case err == nil:
		return with(c)
	case !errors.Is(err, pipe.ErrUnreachable) || !absent(err):
		return err
	}
	if g.address != "" {
		return err // asked for by name: nothing else will do
	}
	return without()
}

// codeOf is the stable code of an error, from wherever it comes; "" if it has none.
func codeOf(err error) fault.Code {
	if info := contract.InfoOf(err); info != nil {
		return fault.Code(info.GetCode())
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Code
	}
	return ""
}

// unnamed asks for a user's name where none was given and the caller is no employee
// himself, as an administrator of the server.
func (g *global) unnamed(err error, user, example string) error {
	if user == "" && codeOf(err) == fault.EmployeeUnknown {
		return usageError{fmt.Errorf(g.t("Sie selbst sind kein Mitarbeiter; nennen Sie den Benutzer, etwa: %s", "you are no employee yourself; name the user, such as: %s"), example)}
	}
	return err
}
