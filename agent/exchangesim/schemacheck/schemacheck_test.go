package schemacheck

import (
	"os"
	"path/filepath"
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
