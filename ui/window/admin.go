package window

import (
	"fyne.io/fyne/v2"

	"abgleich/ui/client"
)

// adminPage is for administrators: everybody's state, the employees, the parameters
// and the log.
type adminPage struct {
	app       *App
	content   fyne.CanvasObject
	tabs      *tabs
	users     *usersPart
	employees *employeesPart
	params    *paramsPart
	log       *logPart
}

func newAdminPage(a *App) *adminPage {
	t := a.texts
	p := &adminPage{app: a}
	p.users, p.employees, p.params, p.log = newUsersPart(a), newEmployeesPart(a), newParamsPart(a), newLogPart(a)
	p.tabs = newTabs(func(int) { p.load() }, a.escape,
		part{t.T("admin.users"), p.users.content}, part{t.T("admin.employees"), p.employees.content},
		part{t.T("admin.params"), p.params.content}, part{t.T("admin.log"), p.log.content})
	p.content = border(stack(0, heading(t.T("admin.title")), newGap(6)), nil, nil, nil, p.tabs.content)
	return p
}

// load fetches what is shown, and ends the streams of what is not.
func (p *adminPage) load() {
	if p.app.page != Administration {
		p.leave()
		return
	}
	if p.app.picture.Connection != client.Connected {
		return
	}
	at := p.tabs.at
	if at != 0 {
		p.users.stop()
	}
	if at != 3 {
		p.log.stop()
	}
	switch at {
	case 0:
		p.users.follow()
	case 1:
		p.employees.load()
	case 2:
		p.params.load(false)
	case 3:
		p.log.load()
	}
}

// leave ends the streams.
func (p *adminPage) leave() {
	p.users.stop()
	p.log.stop()
}
