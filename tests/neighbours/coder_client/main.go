// Sends webhooks as Coder does: with Go's http.Client as it comes, so with its redirects, its connections that stay
// open, and its Basic authentication by what stands in the address. Each line of standard input is a body; each line of
// standard output says what Coder would make of the answer. The argument is the address.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// As CODER_NOTIFICATIONS_DISPATCH_TIMEOUT is by default.
const dispatchTimeout = time.Minute

type result struct {
	// Whether Coder takes the webhook for delivered. What it does not, it sends again five minutes later.
	Delivered bool `json:"delivered"`
	// The status of the last answer; 0: there was none.
	Status int `json:"status"`
	// What Coder would log of it: at most 512 bytes of a failure's answer, or the error.
	Logged string `json:"logged"`
}

func dispatch(client *http.Client, endpoint string, body []byte) (result, error) {
	var message struct {
		ID string `json:"msg_id"`
	}
	if err := json.Unmarshal(body, &message); err != nil {
		return result{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), dispatchTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewBuffer(body))
	if err != nil {
		return result{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Message-Id", message.ID)
	response, err := client.Do(request)
	if err != nil {
		return result{Logged: err.Error()}, nil
	}
	defer response.Body.Close()
	if response.StatusCode/100 <= 2 {
		return result{Delivered: true, Status: response.StatusCode}, nil
	}
	logged := make([]byte, 512)
	length, err := response.Body.Read(logged)
	if err != nil && err != io.EOF {
		return result{Status: response.StatusCode, Logged: err.Error()}, nil
	}
	return result{Status: response.StatusCode, Logged: string(logged[:length])}, nil
}

func main() {
	client := &http.Client{}
	bodies := bufio.NewReader(os.Stdin)
	results := json.NewEncoder(os.Stdout)
	for {
		body, err := bodies.ReadBytes('\n')
		if err == io.EOF {
			return
		}
		var outcome result
		if err == nil {
			outcome, err = dispatch(client, os.Args[1], body)
		}
		if err == nil {
			err = results.Encode(outcome)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
