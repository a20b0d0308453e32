package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"abgleich/agent/logbook"
	"abgleich/agent/params"
	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/diagnosis"
)

func diagnosticsCommand(g *global) *cobra.Command {
	var o diagnosticsOptions
	c := &cobra.Command{
		Use: "diagnostics", Short: g.t("Diagnose in eine Zip-Datei packen", "pack diagnostics into a zip file"), Args: g.arguments(0, 0),
		Long: g.t(`Packt zusammen, was bei der Fehlersuche hilft: Versionen, Parameter ohne Passwörter, Zustände, Probleme nach Code, Läufe und die letzten Protokollzeilen. Kein Passwort, kein Betreff und kein Teilnehmer ist dabei. Vor dem Speichern wird gezeigt, was darin ist. Wer nicht Administrator ist, bekommt nur das Seine. Antwortet der Dienst nicht, wird gepackt, was auf diesem Rechner lesbar ist.`,
			`Packs what helps to find a fault: versions, parameters without passwords, states, problems by code, runs and the last log lines. No password, no subject and no attendee is in it. What is in it is shown before it is saved. Who is no administrator gets his own only. When the agent does not answer, what this machine can read is packed.`),
		Example: "  agent diagnostics\n  agent diagnostics --list\n  agent diagnostics --output /tmp/abgleich.zip --yes",
		RunE:    func(c *cobra.Command, _ []string) error { return g.diagnostics(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.output, "output", "", g.t("Zip-Datei (sonst im aktuellen Ordner, mit Datum)", "zip file (default: in the current folder, with the date)"))
	f.BoolVar(&o.list, "list", false, g.t("nur zeigen, was darin wäre", "only show what would be in it"))
	f.BoolVarP(&o.yes, "yes", "y", false, g.t("ohne Rückfrage speichern", "save without asking"))
	return c
}

type diagnosticsOptions struct {
	output    string
	list, yes bool
}

func (g *global) diagnostics(ctx context.Context, o diagnosticsOptions) error {
	b, err := g.collect(ctx)
	if err != nil {
		return err
	}
	if o.output == "" {
		o.output = b.FileName()
	}
	if !g.json {
		rows := [][]string{{g.t("Datei", "file"), g.t("Bytes", "bytes"), g.t("Inhalt", "contents")}}
		for _, f := range b.Files {
			rows = append(rows, []string{f.Name, fmt.Sprint(len(f.Content)), g.sayPart(f.About)})
		}
		table(g.out, rows)
	}
	if !o.list {
		if err := g.askToSave(o); err != nil {
			return err
		}
		if err := b.Save(o.output, g.sayPart); err != nil {
			return err
		}
	}
	type part struct {
		Name  string `json:"name"`
		About string `json:"about"`
		Bytes int    `json:"bytes"`
	}
	r := struct {
		File  string `json:"file,omitempty"`
		Parts []part `json:"parts"`
	}{}
	for _, f := range b.Files {
		r.Parts = append(r.Parts, part{f.Name, f.About, len(f.Content)})
	}
	if !o.list {
		r.File = o.output
	}
	return g.show(r, func(w io.Writer) {
		if r.File != "" {
			fmt.Fprintln(w, g.t("Gespeichert: ", "saved: ")+r.File)
		}
	})
}

// sayPart tells a person what is in a file.
func (g *global) sayPart(about string) string {
	if key := "diagnostics.file." + about; g.texts.Has(key) {
		return g.texts.T(key)
	}
	return about
}

// askToSave asks whoever sits at a terminal; a script has asked already.
func (g *global) askToSave(o diagnosticsOptions) error {
	f, ok := terminal(g.in)
	if !ok || o.yes || g.json {
		return nil
	}
	fmt.Fprint(g.err, g.t("Speichern unter ", "save as ")+o.output+g.t("? [J/n] ", "? [Y/n] "))
	answer, err := bufio.NewReader(f).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "", "j", "ja", "y", "yes":
		return nil
	}
	return silentError{exitFailed}
}

// collect asks the agent, or else reads what lies on this machine.
func (g *global) collect(ctx context.Context) (*diagnosis.Bundle, error) {
	var b *diagnosis.Bundle
	err := g.agentOr(ctx, func(a *client.Client) error {
		hello, err := a.Greet(ctx)
		if err != nil {
			return err
		}
		b, err = diagnosis.Collect(ctx, a, hello.GetAdministrator(), time.Now())
		return err
	}, func() error {
		b = &diagnosis.Bundle{Made: time.Now()}
		return g.collectFiles(b)
	})
	if err != nil {
		return nil, err
	}
	b.Add("command.txt", "command", fmt.Appendf(nil, "agent command line %s\n%s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH))
	return b, nil
}

// lastBytes is how much of the service log's end is taken.
const lastBytes = 1 << 20

// collectFiles takes what can be read without the agent. What can't be is told in
// place of it.
func (g *global) collectFiles(b *diagnosis.Bundle) error {
	var text bytes.Buffer
	p, _, err := g.file().Load()
	if err == nil {
		err = params.WriteHarmless(&text, p)
	}
	if err != nil {
		fmt.Fprintln(&text, g.failure(err).Text)
	}
	b.Add("parameters.txt", "parameters", text.Bytes())
	if p.Log.Folder == "" {
		return nil
	}
	tail, err := tailOf(filepath.Join(p.Log.Folder, logbook.ServiceFile))
	if err != nil {
		tail = []byte(err.Error() + "\n")
	}
	b.Add(logbook.ServiceFile, "service-log", tail)
	return nil
}

// tailOf reads the last whole lines of a file.
func tailOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if end <= lastBytes {
		return io.ReadAll(io.NewSectionReader(f, 0, end))
	}
	tail, err := io.ReadAll(io.NewSectionReader(f, end-lastBytes, lastBytes))
	_, whole, _ := bytes.Cut(tail, []byte("\n"))
	return whole, err
}
