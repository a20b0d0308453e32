package exchangesim

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"abgleich/agent/exchangesim/schema"
	"abgleich/agent/exchangesim/xmltree"
)

// wantedProperty is an extended property a shape asks for, with the way it was
// named: replies name it the same way.
type wantedProperty struct {
	name PropertyName
	path string // the ExtendedFieldURI element to answer with
}

// sets are the distinguished property sets (MS-OXPROPS 1.3.2).
func distinguishedSet(name string) string {
	switch name {
	case "Meeting":
		return setMeeting
	case "Appointment":
		return "00062002-0000-0000-c000-000000000046"
	case "Common":
		return "00062008-0000-0000-c000-000000000046"
	case "PublicStrings":
		return setPublicStrings
	case "Address":
		return "00062004-0000-0000-c000-000000000046"
	case "InternetHeaders":
		return "00020386-0000-0000-c000-000000000046"
	case "CalendarAssistant":
		return "11000e07-b51b-40d6-af21-caa85edab1d0"
	case "UnifiedMessaging":
		return "4442858e-a9e3-4e80-b900-317a210cc15b"
	case "Task":
		return "00062003-0000-0000-c000-000000000046"
	case "Sharing":
		return "00062040-0000-0000-c000-000000000046"
	}
	return ""
}

const (
	setMeeting         = "6ed8da90-450b-101b-98da-00aa003f1305"
	setPublicStrings   = "00020329-0000-0000-c000-000000000046"
	lidGlobalObjectID  = 0x0003
	lidCleanGlobalID   = 0x0023
	tagCreationTime    = 0x3007
	tagLastModified    = 0x3008
	tagSubject         = 0x0037
	tagMessageClass    = 0x001a
	tagSearchKey       = 0x300b
	tagFolderContainer = 0x3613
)

// propertyName reads an ExtendedFieldURI; code is a response code or "".
func propertyName(n *xmltree.Node) (p PropertyName, code string) {
	p.Type = strings.Clone(n.Attr("PropertyType"))
	dist, hasDist := n.LookupAttr("DistinguishedPropertySetId")
	guid, hasGUID := n.LookupAttr("PropertySetId")
	name, hasName := n.LookupAttr("PropertyName")
	id, hasID := n.LookupAttr("PropertyId")
	tag, hasTag := n.LookupAttr("PropertyTag")
	if hasTag {
		if hasDist || hasGUID || hasName || hasID {
			return p, "ErrorInvalidExtendedProperty"
		}
		v, err := strconv.ParseUint(strings.TrimSpace(tag), 0, 16)
		// Tags from 0x8000 on belong to named properties.
		if err != nil || v == 0 || v >= 0x8000 {
			return p, "ErrorInvalidExtendedProperty"
		}
		p.Tag = uint16(v)
		return p, ""
	}
	if hasDist == hasGUID || hasName == hasID || hasName && name == "" {
		return p, "ErrorInvalidExtendedProperty"
	}
	p.Set = lowerASCII(strings.Clone(guid))
	if hasDist {
		p.Set = distinguishedSet(dist)
	}
	p.Name = strings.Clone(name)
	if hasID {
		v, err := strconv.ParseInt(strings.TrimSpace(id), 10, 32)
		if err != nil {
			return p, "ErrorInvalidExtendedProperty"
		}
		p.ID, p.HasID = int32(v), true
	}
	return p, ""
}

// pathOf writes an ExtendedFieldURI the way the request did.
func pathOf(n *xmltree.Node) string {
	var w writer
	w.s("<t:ExtendedFieldURI")
	for _, a := range n.Attrs {
		if a.Space == "" {
			w.attr(a.Name, a.Value)
		}
	}
	w.s("/>")
	return string(w.b)
}

// readProperty reads an ExtendedProperty with its value.
func readProperty(n *xmltree.Node) (Property, string) {
	name, code := propertyName(n.Child("ExtendedFieldURI"))
	if code != "" {
		return Property{}, code
	}
	p := Property{Name: name}
	array := strings.HasSuffix(name.Type, "Array")
	switch value, list := n.Child("Value"), n.Child("Values"); {
	case array && list != nil:
		for v := list.First; v != nil; v = v.Next {
			p.Values = append(p.Values, strings.Clone(v.Text))
		}
	case !array && value != nil:
		p.Values = []string{strings.Clone(value.Text)}
	default:
		return p, "ErrorInvalidExtendedPropertyValue"
	}
	for i, v := range p.Values {
		if !validValue(strings.TrimSuffix(name.Type, "Array"), v) {
			return p, "ErrorInvalidExtendedPropertyValue"
		}
		p.Values[i] = canonicalValue(name.Type, v)
	}
	return p, ""
}

func validValue(kind, v string) bool {
	v = strings.TrimSpace(v)
	switch kind {
	case "Binary":
		_, err := base64.StdEncoding.DecodeString(v)
		return err == nil
	case "Boolean":
		return v == "true" || v == "false" || v == "0" || v == "1"
	case "Short":
		_, err := strconv.ParseInt(v, 10, 16)
		return err == nil
	case "Integer":
		_, err := strconv.ParseInt(v, 10, 32)
		return err == nil
	case "Long", "Currency":
		_, err := strconv.ParseInt(v, 10, 64)
		return err == nil
	case "Double", "Float", "ApplicationTime":
		_, err := strconv.ParseFloat(v, 64)
		return err == nil
	case "SystemTime":
		_, _, ok := schema.ParseDateTime(v)
		return ok
	case "CLSID":
		return len(v) == 36
	case "String":
		return true
	}
	return false // Error, Null, Object and the like can't be set
}

func canonicalValue(kind, v string) string {
	switch kind {
	case "Boolean":
		return strconv.FormatBool(isTrue(v))
	case "SystemTime":
		if t, _, ok := schema.ParseDateTime(strings.TrimSpace(v)); ok {
			return t.UTC().Format("2006-01-02T15:04:05Z")
		}
	}
	return v
}

// values answers an extended property, the computed ones too.
func (it *Item) values(name PropertyName) []string {
	if name.Set == setMeeting && name.HasID && name.Type == "Binary" && it.Kind == Appointment &&
		(name.ID == lidGlobalObjectID || name.ID == lidCleanGlobalID) {
		id := it.GlobalID
		if name.ID == lidGlobalObjectID && (it.master != nil || it.orphan()) && len(id) >= 20 {
			// The date of the occurrence is part of its id, not of the clean one (MS-OXOCAL 2.2.1.27).
			id = bytes.Clone(id)
			day := dateOf(it.day)
			if it.orphan() {
				_, _, loc := it.clock()
				day = it.OriginalStart.In(loc)
			}
			y, m, d := day.Date()
			id[16], id[17], id[18], id[19] = byte(y>>8), byte(y), byte(m), byte(d)
		}
		return []string{base64.StdEncoding.EncodeToString(id)}
	}
	switch name.Tag {
	case tagCreationTime:
		return []string{it.Created.Format("2006-01-02T15:04:05Z")}
	case tagLastModified:
		return []string{it.Modified.Format("2006-01-02T15:04:05Z")}
	case tagSubject:
		return []string{it.Subject}
	case tagMessageClass:
		return []string{it.Class}
	case tagSearchKey:
		return []string{base64.StdEncoding.EncodeToString([]byte(it.ID[:16]))}
	}
	for i := range it.Properties {
		if it.Properties[i].Name == name {
			return it.Properties[i].Values
		}
	}
	return nil
}

// setProperty stores a property a client sent.
func (it *Item) setProperty(p Property) string {
	if p.Name.Set == setMeeting && p.Name.HasID && (p.Name.ID == lidGlobalObjectID || p.Name.ID == lidCleanGlobalID) {
		b, err := base64.StdEncoding.DecodeString(p.Values[0])
		if err != nil || len(b) < 40 {
			return "ErrorInvalidExtendedPropertyValue"
		}
		it.GlobalID = b
		return ""
	}
	if p.Name.Tag == tagCreationTime || p.Name.Tag == tagLastModified || p.Name.Tag == tagSearchKey {
		return "ErrorInvalidPropertySet"
	}
	it.SetProperty(p.Name, slices.Clone(p.Values)...)
	return ""
}

func (w *writer) property(path string, name *PropertyName, values []string) {
	w.s("<t:ExtendedProperty>")
	w.s(path)
	if strings.HasSuffix(name.Type, "Array") {
		w.s("<t:Values>")
		for _, v := range values {
			w.elem("Value", v)
		}
		w.s("</t:Values>")
	} else {
		w.elem("Value", values[0])
	}
	w.s("</t:ExtendedProperty>")
}
