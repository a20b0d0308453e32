package window

// Page names a page; it is what the command line says.
type Page string

// The pages there are.
const (
	Credentials Page = "credentials"
	Status      Page = "status"
	Problems    Page = "problems"
	Compare     Page = "compare"
	History     Page = "history"
	// Choices is what of a user travels: his options.
	Choices Page = "options"
	// Diagnostics is in the sidebar only while it is shown.
	Diagnostics Page = "diagnostics"
	// Administration is in the sidebar for administrators only.
	Administration Page = "administration"
	// Setup is the first run; it is in the sidebar only until it is done.
	Setup Page = "setup"
)

// Pages lists the pages in the order of the sidebar.
func Pages() []Page {
	return []Page{Setup, Status, Problems, Compare, History, Credentials, Choices, Administration, Diagnostics}
}

// ParsePage tells whether there is a page of this name.
func ParsePage(name string) (Page, bool) {
	for _, p := range Pages() {
		if string(p) == name {
			return p, true
		}
	}
	return Status, false
}
