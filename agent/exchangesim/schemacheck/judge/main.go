// Command judge has the documents in a folder judged: what a run of all tests recorded
// there (exchangesim.RecordVariable). The EWS schema judges requests and replies, and no
// request may mail anybody but notices. It owns nothing but its exit code: 0 when all
// are right or nothing can judge them, 1 when one isn't or the folder is empty. It must not know the simulator.
//
//	go run ./agent/exchangesim/schemacheck/judge FOLDER
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"abgleich/agent/exchangesim/schemacheck"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: judge FOLDER")
		os.Exit(2)
	}
	mailed(os.Args[1])
	n, complaints, err := schemacheck.Judge(context.Background(), os.Args[1], "*.xml")
	switch {
	case errors.Is(err, schemacheck.ErrNoJudge):
		fmt.Println(err)
		return
	case err == nil && n == 0:
		err = fmt.Errorf("no recorded exchange in %s", os.Args[1])
	}
	const most = 40
	for _, c := range complaints[:min(len(complaints), most)] {
		fmt.Println(c)
	}
	if err != nil {
		fmt.Println(err)
	}
	if err != nil || len(complaints) > 0 {
		fmt.Printf("%d complaints about %d requests and replies\n", len(complaints), n)
		os.Exit(1)
	}
	fmt.Printf("%d requests and replies, all valid\n", n)
}

// mailed ends the program when a request could have mailed somebody.
func mailed(dir string) {
	n, complaints, err := schemacheck.Mails(dir)
	if err == nil && n == 0 {
		err = fmt.Errorf("no recorded request in %s", dir)
	}
	for _, c := range complaints {
		fmt.Println(c)
	}
	if err != nil {
		fmt.Println(err)
	}
	if err != nil || len(complaints) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%d kinds of request, none mails anybody but notices\n", n)
}
