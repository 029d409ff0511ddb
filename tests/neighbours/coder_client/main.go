// Sends one webhook as coderd does (coder/coder, coderd/notifications/dispatch/webhook.go), and prints what coderd makes
// of the answer: coder_client ENDPOINT MESSAGE_ID < BODY
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
)

func main() {
	body, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	req, err := http.NewRequest(http.MethodPost, os.Args[1], bytes.NewBuffer(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Message-Id", os.Args[2])

	// A client of its own, with nothing set: it follows up to ten redirects.
	told := map[string]any{}
	if resp, err := (&http.Client{}).Do(req); err != nil {
		told["error"] = err.Error()
	} else {
		defer resp.Body.Close()
		told["status"] = resp.StatusCode
		told["delivered"] = resp.StatusCode/100 <= 2
		// Of an answer that is none coderd logs so much, and sends again.
		logged := make([]byte, 512)
		n, _ := io.ReadFull(resp.Body, logged)
		told["logged"] = string(logged[:n])
	}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		panic(err)
	}
}
