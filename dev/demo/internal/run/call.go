package run

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Call sends a request with a JSON body (none when nil) and reads the JSON answer into a value (not read when nil).
// A status of 400 and above is a *StatusError.
func Call(ctx context.Context, client *http.Client, method, url string, body, into any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, MaxBody))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return &StatusError{Status: response.StatusCode, Body: string(text)}
	}
	if into == nil {
		return nil
	}
	return ReadJSON(bytes.NewReader(text), into)
}

// StatusError is an answer that reports a failure.
type StatusError struct {
	Status int
	Body   string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("answered %d: %s", e.Status, bytes.TrimSpace([]byte(e.Body)))
}
