package architecture

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Nobody gets an invitation or a cancellation that no person sent: only notices ask
// the mail server to mail anybody, with one request made in one file.
func TestOnlyNoticesSendMail(t *testing.T) {
	allowed := map[string]string{
		"SendMessage(":              "agent/notice/exchange.go",
		`MessageDisposition="SendO`: "agent/ews/op_message.go",
		"SendAndSaveCopy\"":         "agent/exchangesim/sent.go",
	}
	found := map[string]bool{}
	root := "../.."
	err := filepath.WalkDir(filepath.Join(root, "agent"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		for what, where := range allowed {
			text := strings.ReplaceAll(string(b), "func (c *Client) "+what, "")
			if !strings.Contains(text, what) {
				continue
			}
			if filepath.ToSlash(rel) != where {
				t.Errorf("%s holds %s: only %s may", rel, what, where)
			}
			found[what] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for what := range allowed {
		if !found[what] {
			t.Errorf("%s is nowhere: this test looks for the wrong thing", what)
		}
	}
}
