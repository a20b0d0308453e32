package exchange_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
	"abgleich/agent/pim"
	"abgleich/agent/side"
	"abgleich/agent/side/exchange"
)

// Exchange says ErrorInternalServerError of an item that it keeps damaged.
func TestADamagedItemStopsNoOther(t *testing.T) {
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		body := string(b)
		if strings.Contains(body, "<m:GetFolder>") {
			io.WriteString(w, soapReply("GetFolder", "Success", `<m:ResponseCode>NoError</m:ResponseCode><m:Folders><t:TasksFolder><t:FolderId Id="f"/></t:TasksFolder></m:Folders>`))
			return
		}
		const message = `<m:GetItemResponseMessage ResponseClass="`
		var all []string
		for _, id := range []string{"good", "bad", "worse"} {
			switch {
			case !strings.Contains(body, `Id="`+id+`"`):
			case id == "good":
				all = append(all, `Success"><m:ResponseCode>NoError</m:ResponseCode><m:Items><t:Task><t:ItemId Id="good" ChangeKey="1"/>`+
					`<t:ParentFolderId Id="f"/><t:Subject>x</t:Subject></t:Task></m:Items>`)
			default:
				all = append(all, `Error"><m:MessageText>no</m:MessageText><m:ResponseCode>ErrorInternalServerError</m:ResponseCode><m:Items/>`)
			}
		}
		text := soapReply("GetItem", "%", "")
		from, to := strings.Index(text, message), strings.Index(text, "</m:ResponseMessages>")
		io.WriteString(w, text[:from]+message+strings.Join(all, `</m:GetItemResponseMessage>`+message)+`</m:GetItemResponseMessage>`+text[to:])
	}))
	defer fake.Close()
	w := newWorld(t, options{
		server: func(o *ews.ServerOptions) { o.URL = fake.URL },
		side: func(o *exchange.Options) {
			o.Credentials = func(context.Context, pim.UserID) (exchange.Credential, error) {
				return exchange.Credential{ID: "1"}, nil
			}
		},
	})
	f := open(t, w, pim.KindTask)
	for _, ids := range [][]pim.ItemID{{"good", "bad"}, {"bad"}} {
		got, err := f.Get(t.Context(), ids)
		if err != nil {
			t.Fatalf("%q: %v", ids, err)
		}
		bad := slices.IndexFunc(got, func(g side.Got) bool { return g.ID == "bad" })
		if !fault.Has(got[bad].Err, fault.ItemUnreadable) || len(ids) == 2 && got[0].Err != nil {
			t.Errorf("%q: %+v", ids, got)
		}
	}
	if got, err := f.Get(t.Context(), []pim.ItemID{"bad", "worse"}); !fault.Has(err, fault.ServerFailed) {
		t.Errorf("a server that reads nothing: %+v %v", got, err)
	}
}
