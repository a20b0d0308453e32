package ews

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"abgleich/agent/fault"
)

// envelope reads one SOAP envelope and calls each for every response message
// in it, with the reader inside the message. A SOAP fault becomes an *Error.
func (r *reader) envelope(response string, each func()) error {
	root, ok := r.document()
	if !ok {
		if r.err == nil {
			return errTruncated // an empty answer
		}
		return r.err
	}
	if root != "Envelope" {
		return errNotSOAP
	}
	var failure *Error
	seen := false
	for part := range r.children() {
		switch part {
		case "Header":
			r.header()
		case "Body":
			for name := range r.children() {
				switch name {
				case "Fault":
					failure = r.fault()
				case response:
					seen = true
					for list := range r.children() {
						if list != "ResponseMessages" {
							continue
						}
						for range r.children() {
							each()
						}
					}
				}
			}
		}
	}
	switch {
	case r.err != nil:
		return r.err
	case failure != nil:
		return failure
	case !seen:
		return fmt.Errorf("%w: no %s", errMalformed, response)
	}
	return nil
}

// faultOnly reads the fault of an answer with an error status; nil without one.
func (r *reader) faultOnly() *Error {
	e, _ := r.envelope("", func() {}).(*Error)
	return e
}

func (r *reader) header() {
	for name := range r.children() {
		if name == "ServerVersionInfo" {
			v := fmt.Sprintf("%s.%s.%s.%s %s", r.attr("MajorVersion"), r.attr("MinorVersion"),
				r.attr("MajorBuildNumber"), r.attr("MinorBuildNumber"), r.attr("Version"))
			r.version = strings.TrimSpace(v)
		}
	}
}

// fault reads a SOAP fault; Exchange keeps its code in the detail.
func (r *reader) fault() *Error {
	e := &Error{}
	faultCode := ""
	for name := range r.children() {
		switch name {
		case "faultcode":
			faultCode = r.text()
		case "faultstring":
			e.Message = short(r.text())
		case "detail":
			for d := range r.children() {
				switch d {
				case "ResponseCode":
					e.ResponseCode = r.word()
				case "Message":
					if m := r.text(); m != "" {
						e.Message = short(m)
					}
				case "MessageXml":
					r.messageXML(e)
				}
			}
		}
	}
	if e.ResponseCode == "" {
		if i := strings.LastIndexByte(faultCode, ':'); i >= 0 {
			faultCode = faultCode[i+1:]
		}
		e.ResponseCode = "ErrorUnexpectedFault"
		if strings.HasPrefix(faultCode, "Error") {
			e.ResponseCode = faultCode
		}
	}
	e.Code = codeOf(e.ResponseCode)
	if e.Code == fault.ItemRefused {
		e.Code = fault.BadRequest // a whole request refused is no matter of one item
	}
	return e
}

// message reads the rest of a response message. field reads the elements of the
// operation's own. Warnings are errors except for those that come with a result.
func (r *reader) message(field func(name string)) *Error {
	class := r.attr("ResponseClass")
	e := &Error{}
	for name := range r.children() {
		switch name {
		case "MessageText":
			e.Message = short(r.text())
		case "ResponseCode":
			e.ResponseCode = r.word()
		case "DescriptiveLinkKey":
		case "MessageXml":
			r.messageXML(e)
		default:
			field(name)
		}
	}
	switch {
	case class == "Success" && (e.ResponseCode == "NoError" || e.ResponseCode == ""),
		e.ResponseCode == "ErrorNameResolutionMultipleResults":
		return nil
	case e.ResponseCode == "" || e.ResponseCode == "NoError":
		e.ResponseCode = ""
		e.Code = fault.ReplyInvalid
		return e
	}
	e.Code = codeOf(e.ResponseCode)
	return e
}

func (r *reader) messageXML(e *Error) {
	for name := range r.children() {
		if name != "Value" {
			continue
		}
		key := r.attr("Name")
		value := short(r.text())
		if len(e.Values) >= 16 {
			continue
		}
		if e.Values == nil {
			e.Values = make(map[string]string)
		}
		e.Values[key] = value
		if ms, err := strconv.ParseInt(value, 10, 64); err == nil && key == "BackOffMilliseconds" && ms > 0 {
			e.BackOff = min(time.Duration(ms)*time.Millisecond, time.Hour)
		}
	}
}

// short bounds a server's text, which ends in logs.
func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

// single reads an answer with exactly one response message.
func (r *reader) single(response string, field func(name string)) error {
	var failure *Error
	n := 0
	err := r.envelope(response, func() {
		n++
		failure = r.message(field)
	})
	switch {
	case err != nil:
		return err
	case n != 1:
		return fmt.Errorf("%w: %d response messages instead of one", errMalformed, n)
	case failure != nil:
		return failure
	}
	return nil
}

// batch reads an answer with one response message for each of n inputs. one
// takes the message's own elements for input i, done its outcome. When the
// server was too busy for every one of them, or counted too many connections, that is the whole request's error.
func (r *reader) batch(response string, n int, one func(i int, name string), done func(i int, e *Error)) error {
	i, busy := 0, 0
	var last *Error
	err := r.envelope(response, func() {
		if i >= n {
			i++
			return
		}
		e := r.message(func(name string) { one(i, name) })
		if e != nil && (e.Code == fault.ServerBusy || e.Code == fault.TooManyConnections) {
			busy++
			last = e
		}
		done(i, e)
		i++
	})
	switch {
	case err != nil:
		return err
	case i != n:
		return fmt.Errorf("%w: %d response messages for %d inputs", errMalformed, i, n)
	case n > 0 && busy == n:
		return last
	}
	return nil
}

// endOfDocument tells whether another envelope follows.
func (r *reader) endOfDocument() bool {
	for r.err == nil {
		for r.pos < r.end {
			switch r.buf[r.pos] {
			case ' ', '\t', '\r', '\n':
				r.pos++
				continue
			}
			return false
		}
		if !r.fill() {
			break
		}
	}
	return r.err == nil || r.err == io.EOF
}
