package schemacheck

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const envelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` +
	`<GetItem xmlns="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><ItemShape><t:BaseShape>IdOnly</t:BaseShape></ItemShape><ItemIds><t:ItemId Id="a"/></ItemIds></GetItem></s:Body></s:Envelope>`

func TestAValidRequestPasses(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.xml"), []byte(envelope), 0o600); err != nil {
		t.Fatal(err)
	}
	Check(t, dir)
}

func TestEveryBadDocumentIsNamed(t *testing.T) {
	dir := t.TempDir()
	for name, doc := range map[string]string{
		"fine.xml": envelope, "order.xml": strings.Replace(envelope, "IdOnly", "Everything", 1), "half.xml": envelope[:len(envelope)/2],
		"half.xml.1.2.part": "not looked at",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n, bad, err := Judge(t.Context(), dir, "*.xml")
	if errors.Is(err, ErrNoJudge) {
		t.Skip(err)
	}
	all := strings.Join(bad, "\n")
	if err != nil || n != 3 || !strings.Contains(all, "order.xml") || !strings.Contains(all, "half.xml") || strings.Contains(all, "fine.xml") {
		t.Errorf("%d documents, %v:\n%s", n, err, all)
	}
}
