// Command gen turns the official EWS schema into the compact form package schema
// embeds, so that building and running need no schema. It must know nothing but
// XML Schema and which operations the simulator serves.
//
//	go run ./gen ../../../../shared/ews-schema > ews.txt
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gen SCHEMA-FOLDER > ews.txt")
		os.Exit(2)
	}
	g := newGenerator()
	for _, name := range []string{"types.xsd", "messages.xsd"} {
		if err := g.load(filepath.Join(os.Args[1], name)); err != nil {
			fmt.Fprintln(os.Stderr, "gen:", err)
			os.Exit(1)
		}
	}
	g.out = bufio.NewWriter(os.Stdout)
	for _, e := range roots() {
		g.root(e)
	}
	g.drain()
	if err := g.out.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// roots are the elements the simulator reads: operations, header entries, and the
// answer to a push notification.
func roots() []string {
	list := []string{
		"m:GetFolder", "m:FindFolder", "m:CreateFolder", "m:UpdateFolder", "m:DeleteFolder",
		"m:FindItem", "m:SyncFolderHierarchy", "m:SyncFolderItems", "m:GetItem", "m:CreateItem",
		"m:UpdateItem", "m:DeleteItem", "m:MoveItem", "m:CopyItem", "m:ResolveNames",
		"m:CreateAttachment", "m:GetAttachment", "m:DeleteAttachment",
		"m:Subscribe", "m:Unsubscribe", "m:GetEvents", "m:GetStreamingEvents",
		"m:GetServerTimeZones", "m:ConvertId", "m:GetUserAvailabilityRequest", "m:SendNotificationResult",
		"t:RequestServerVersion", "t:ExchangeImpersonation", "t:TimeZoneContext", "t:MailboxCulture",
		"t:DateTimePrecision",
	}
	slices.Sort(list)
	return list
}
