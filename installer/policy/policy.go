// Package policy holds the templates with which Windows administrators decide, by group
// policy, what package ipc/policy reads: abgleich.admx and its texts in German and
// English. It owns their wording; tests keep texts and values complete.
package policy

import "embed"

// Templates are the files as they stand in a PolicyDefinitions folder.
//
//go:embed abgleich.admx de-DE/abgleich.adml en-US/abgleich.adml
var Templates embed.FS
