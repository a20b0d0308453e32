package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"abgleich/ipc/contract"
)

func versionCommand(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: g.t("Version dieses Programms", "version of this program"), Args: g.arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version  string `json:"version"`
				Contract int    `json:"contract"`
				Platform string `json:"platform"`
			}{version, contract.Version, runtime.GOOS + "/" + runtime.GOARCH}
			return g.show(v, func(w io.Writer) { fmt.Fprintf(w, "agent %s (%s)\n", v.Version, v.Platform) })
		},
	}
}
