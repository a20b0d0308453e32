package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"abgleich/agent/backup"
	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/vault"
	"abgleich/cmd/agent/internal/client"
)

func backupCommand(g *global) *cobra.Command {
	return g.group("backup", "Alles in einer verschlüsselten Datei sichern; siehe auch agent restore",
		"back everything up into one encrypted file; see agent restore, too", backupKeyCommand(g), backupCreateCommand(g))
}

func backupKeyCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "key FILE", Short: g.t("einen Wiederherstellungsschlüssel anlegen", "make a recovery key"),
		Long: g.t("Nur dieser Schlüssel öffnet die Sicherungen. Er wird in die Datei geschrieben und sonst nirgends: Drucken Sie sie aus oder legen Sie sie in den Tresor, "+
			"nicht zu den Sicherungen. Mit einem neuen Schlüssel öffnen sich spätere Sicherungen; für frühere brauchen Sie den alten.",
			"Only this key opens the backups. It is written into the file and nowhere else: print it, or put it into the safe, "+
				"not beside the backups. A new key opens later backups; earlier ones still need the old one."),
		Example: "  agent backup key recovery-key.txt", Args: g.arguments(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			p, _, err := g.file().Load()
			if err != nil {
				return g.missingFile(err)
			}
			if err := backup.NewKey(args[0], p.Data.Folder); err != nil {
				return err
			}
			return g.done(fmt.Sprintf(g.t("Der Schlüssel steht in %s. Bewahren Sie ihn getrennt von den Sicherungen auf.",
				"The key is in %s. Keep it apart from the backups."), args[0]))
		},
	}
}

func backupCreateCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "create FILE", Short: g.t("sichern; der Dienst darf dabei laufen", "back up; the agent may run meanwhile"),
		Long: g.t("Parameter, Zustand, gespeicherte Zugangsdaten, Schlüssel des Dienstes und die eigene Unternehmensdatenbank. Eine fremde Datenbank sichert, wem sie gehört; Protokolle bleiben.",
			"Parameters, state, stored credentials, the agent's key and the embedded business database. A foreign database is its owner's to back up; logs stay."),
		Example: "  agent backup create /mnt/backup/abgleich-2026-11-28.age", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			p, _, err := g.file().Load()
			if err != nil {
				return g.missingFile(err)
			}
			src, err := g.installation(p)
			if err != nil {
				return err
			}
			m, err := backup.Write(c.Context(), args[0], src, time.Now())
			if err != nil {
				return err
			}
			return g.show(m, func(w io.Writer) {
				fmt.Fprintf(w, g.t("%s: %d Dateien gesichert.\n", "%s: %d files backed up.\n"), args[0], len(m.Files))
				if !m.Key {
					fmt.Fprintln(w, g.t("Der Schlüssel des Dienstes ist nicht dabei: systemd verwahrt ihn. Sichern Sie ihn dort.",
						"The agent's key is not in it: systemd keeps it. Back it up there."))
				}
			})
		},
	}
}

// installation is what there is to back up.
func (g *global) installation(p params.Params) (backup.Source, error) {
	path, err := filepath.Abs(g.parameterFile)
	if err != nil {
		return backup.Source{}, err
	}
	src := backup.Source{Data: p.Data.Folder, Parameters: path, Version: version}
	if a, ok := p.Business(); ok && a.Driver == params.SQLite && !a.Foreign {
		src.Databases = []string{strings.TrimPrefix(a.DSN, "file:")}
	}
	for _, f := range []string{p.Communication.CertificateFile, p.Communication.Keytab} {
		if f != "" {
			src.Files = append(src.Files, f)
		}
	}
	v, err := vault.Open(vault.Options{Folder: p.Data.Folder})
	switch {
	case err == nil:
		src.Key = v.Export()
	case !fault.Has(err, fault.KeyMissing):
		return src, err
	}
	return src, nil
}

func restoreCommand(g *global) *cobra.Command {
	var keyFile, data string
	c := &cobra.Command{
		Use: "restore FILE", Short: g.t("eine Sicherung zurückholen, auch auf einem anderen Server", "bring a backup back, on another server, too"),
		Long: g.t("Der Dienst darf nicht laufen, und wo die Sicherung hinkommt, darf noch nichts stehen: sonst wird nichts geändert. "+
			"Auf einem anderen Server bleibt der Abgleich danach angehalten, bis Sie mit agent db confirm --yes bestätigen, dass der alte nicht mehr läuft.",
			"The agent must not run, and nothing may stand where the backup goes: else nothing is changed. "+
				"On another server sync is held afterwards until you confirm with agent db confirm --yes that the old one no longer runs."),
		Example: "  agent restore abgleich-2026-11-28.age --key recovery-key.txt", Args: g.arguments(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			return g.agentOr(c.Context(), func(*client.Client) error {
				return errors.New(g.t("Der Dienst läuft. Beenden Sie ihn vorher: ", "the agent runs. Stop it first: ") + g.command("service stop"))
			}, func() error {
				text, err := g.recoveryKey(keyFile)
				if err != nil {
					return err
				}
				key, err := backup.Key(text)
				if err != nil {
					return err
				}
				path, err := filepath.Abs(g.parameterFile)
				if err != nil {
					return err
				}
				m, err := backup.Read(c.Context(), args[0], key, backup.Target{Parameters: path, Data: data, PutKey: vault.Import})
				if err != nil {
					return err
				}
				if data != "" {
					if _, _, err := g.file().Set("data.folder", data); err != nil {
						return err
					}
				}
				return g.show(m, func(w io.Writer) {
					fmt.Fprintf(w, g.t("Zurückgeholt: die Sicherung von %s vom %s.\n", "Brought back: the backup of %s made on %s.\n"),
						m.Machine, m.Made.Local().Format(g.t("02.01.2006 15:04", "2 January 2006 15:04")))
					fmt.Fprintf(w, g.t("Weiter mit: %s. Auf einem anderen Server dann: %s\n", "Go on with: %s. On another server then: %s\n"),
						g.command("service start"), g.command("db confirm --yes"))
				})
			})
		},
	}
	c.Flags().StringVar(&keyFile, "key", "", g.t("Datei mit dem Wiederherstellungsschlüssel (sonst wird er abgefragt)", "file with the recovery key (else it is asked for)"))
	c.Flags().StringVar(&data, "data", "", g.t("anderer Datenordner als bisher", "another data folder than before"))
	return c
}

func (g *global) recoveryKey(file string) (string, error) {
	if file == "" {
		return g.password(g.t("Wiederherstellungsschlüssel", "recovery key"))
	}
	b, err := os.ReadFile(file)
	return string(b), err
}
