// Command pack puts PNG files into one Windows icon file. It is run by the
// script generate beside it, never at run time, and knows nothing of states.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image/png"
	"os"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: pack OUT.ico IN.png…")
		os.Exit(2)
	}
	if err := pack(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// pack writes an ICONDIR with one PNG entry a file (PNG entries are understood
// since Windows Vista).
func pack(out string, in []string) error {
	var dir, images bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			binary.Write(&dir, binary.LittleEndian, v) // a buffer doesn't fail
		}
	}
	put(uint16(0), uint16(1), uint16(len(in)))
	start := 6 + 16*len(in)
	for _, name := range in {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		size, err := png.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		// 256 is written as 0, which the conversion to a byte does.
		put(uint8(size.Width), uint8(size.Height), uint8(0), uint8(0), uint16(1), uint16(32),
			uint32(len(data)), uint32(start+images.Len()))
		images.Write(data)
	}
	dir.Write(images.Bytes())
	return os.WriteFile(out, dir.Bytes(), 0o644)
}
