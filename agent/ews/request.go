package ews

// request starts an envelope; end finishes it. Exchange2013_SP1 is the newest
// schema that every supported server and grommunio take, and has all we need.
func (c *Client) request(element, attributes string) *writer {
	w := &writer{b: make([]byte, 0, 4096)}
	if c.view.Delegate {
		w.mailbox = c.view.Mailbox
	}
	w.raw(`<?xml version="1.0" encoding="utf-8"?>` +
		`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"` +
		` xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"` +
		` xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">` +
		`<s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/>`)
	if c.view.Impersonate && c.view.Mailbox != "" {
		w.raw("<t:ExchangeImpersonation><t:ConnectingSID>")
		w.text("PrimarySmtpAddress", c.view.Mailbox)
		w.raw("</t:ConnectingSID></t:ExchangeImpersonation>")
	}
	if c.view.TimeZone != "" {
		w.raw("<t:TimeZoneContext><t:TimeZoneDefinition")
		w.attr("Id", c.view.TimeZone)
		w.raw("/></t:TimeZoneContext>")
	}
	w.raw("</s:Header><s:Body><m:")
	w.raw(element)
	w.raw(attributes)
	w.raw(">")
	return w
}

func (w *writer) end(element string) []byte {
	w.raw("</m:")
	w.raw(element)
	w.raw("></s:Body></s:Envelope>")
	return w.b
}

// Shape says what of an item to return besides its id.
type Shape struct {
	Fields     FieldSet
	Properties []PropertyPath
	// PlainBody asks for FieldBody as text, converted by the server. Otherwise it
	// comes in its best form, HTML where it is HTML.
	PlainBody bool
}

func (w *writer) itemShape(s Shape) {
	w.raw("<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>")
	if s.Fields.Has(FieldBody) {
		if s.PlainBody {
			w.raw("<t:BodyType>Text</t:BodyType>")
		} else {
			w.raw("<t:BodyType>Best</t:BodyType>")
		}
	}
	w.additional(s.Fields, s.Properties)
	w.raw("</m:ItemShape>")
}

func (w *writer) additional(fields FieldSet, props []PropertyPath) {
	if fields == 0 && len(props) == 0 {
		return
	}
	w.open("AdditionalProperties")
	for f := range fieldCount {
		if fields.Has(f) {
			w.fieldURI(f)
		}
	}
	for _, p := range props {
		w.path(p)
	}
	w.close("AdditionalProperties")
}

func (w *writer) fieldURI(f Field) {
	w.raw(`<t:FieldURI FieldURI="`)
	w.raw(f.uri())
	w.raw(`"/>`)
}

func (w *writer) folderShape(props []PropertyPath) {
	w.raw("<m:FolderShape><t:BaseShape>Default</t:BaseShape>")
	w.open("AdditionalProperties")
	for _, uri := range [...]string{"folder:ParentFolderId", "folder:FolderClass", "folder:EffectiveRights"} {
		w.raw(`<t:FieldURI FieldURI="` + uri + `"/>`)
	}
	for _, p := range props {
		w.path(p)
	}
	w.close("AdditionalProperties")
	w.raw("</m:FolderShape>")
}

// Restriction narrows FindItem and FindFolder. The zero value lets all through.
type Restriction struct {
	path  PropertyPath
	equal *string
	any   []Restriction
	set   bool
}

// PropertyEquals lets items through whose property has this value.
func PropertyEquals(path PropertyPath, value string) Restriction {
	return Restriction{path: path, equal: &value, set: true}
}

// PropertyExists lets items through that have the property.
func PropertyExists(path PropertyPath) Restriction { return Restriction{path: path, set: true} }

// AnyOf lets items through that one of the restrictions lets through.
func AnyOf(rs ...Restriction) Restriction { return Restriction{any: rs, set: len(rs) > 0} }

func (w *writer) restriction(r Restriction) {
	if !r.set {
		return
	}
	w.raw("<m:Restriction>")
	w.expression(r)
	w.raw("</m:Restriction>")
}

func (w *writer) expression(r Restriction) {
	switch {
	case len(r.any) == 1:
		w.expression(r.any[0])
	case len(r.any) > 1:
		w.open("Or")
		for _, o := range r.any {
			w.expression(o)
		}
		w.close("Or")
	case r.equal != nil:
		w.open("IsEqualTo")
		w.path(r.path)
		w.raw("<t:FieldURIOrConstant><t:Constant")
		w.attr("Value", *r.equal)
		w.raw("/></t:FieldURIOrConstant>")
		w.close("IsEqualTo")
	default:
		w.open("Exists")
		w.path(r.path)
		w.close("Exists")
	}
}
