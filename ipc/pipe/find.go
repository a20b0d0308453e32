package pipe

import "strings"

// windowsAgent is the agent's pipe after the server's name.
const windowsAgent = `\pipe\abgleich-agent`

// addressOn is the pipe of the agent on a server: a name, or a whole pipe's name.
func addressOn(server string) string {
	switch server = strings.Trim(server, `\ `); {
	case server == "", server == ".", strings.EqualFold(server, "localhost"):
		return `\\.` + windowsAgent
	case strings.Contains(server, `\`):
		return `\\` + server
	}
	return `\\` + server + windowsAgent
}
