// Package wix holds the sources of the Windows installers (server.wxs,
// workstation.wxs and their texts), which scripts/msi builds, and the tests that keep
// them right: identifiers that must never change, and only what both WiX and wixl
// understand.
package wix

import "embed"

// Sources are the installers' sources.
//
//go:embed *.wxs *.wxi
var Sources embed.FS
