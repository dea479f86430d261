package run

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Grace is how long a server lets running requests end after SIGTERM. The pods' grace period is longer.
const Grace = 5 * time.Second

// MaxBody bounds every request and response body the programs read.
const MaxBody = 1 << 20

// Serve answers on the address until the context ends, then lets running requests end. With a TLS configuration it
// speaks TLS.
func Serve(ctx context.Context, address string, handler http.Handler, security *tls.Config) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	return ServeOn(ctx, listener, handler, security)
}

// ServeOn is Serve on a listener that is already open.
func ServeOn(ctx context.Context, listener net.Listener, handler http.Handler, security *tls.Config) error {
	server := &http.Server{
		Handler:           handler,
		TLSConfig:         security,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		// Requests see the end of the process, so that streams and WebSockets end too.
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    serverLog(),
	}
	Log().Info("listening", "address", listener.Addr().String(), "tls", security != nil)
	ended := make(chan error, 1)
	go func() {
		if security != nil {
			ended <- server.ServeTLS(listener, "", "")
		} else {
			ended <- server.Serve(listener)
		}
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), Grace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return errors.Join(fmt.Errorf("requests still ran after %s: %w", Grace, err), server.Close())
	}
	return nil
}

// serverLog is where net/http writes what it cannot answer, such as failed handshakes: one JSON line each.
func serverLog() *log.Logger {
	return slog.NewLogLogger(Log().Handler(), slog.LevelWarn)
}

// Health adds /healthz, which is fine while the process answers, and /readyz, which asks the given check.
func Health(mux *http.ServeMux, ready func(context.Context) error) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		WriteJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := ready(ctx); err != nil {
			Fail(w, http.StatusServiceUnavailable, err)
			return
		}
		WriteJSON(w, http.StatusOK, map[string]string{"status": "ready"})
	})
}

// WriteJSON answers with a status and a value.
func WriteJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(value); err != nil {
		Log().Warn("answer not written", "error", err.Error())
	}
}

// Fail answers with a status and the error's text, and logs it when the fault is ours.
func Fail(w http.ResponseWriter, status int, err error) {
	if status >= http.StatusInternalServerError {
		Log().Warn("request failed", "status", status, "error", err.Error())
	}
	WriteJSON(w, status, map[string]string{"error": err.Error()})
}

// ReadJSON reads a bounded body.
func ReadJSON(r io.Reader, into any) error {
	if err := json.NewDecoder(io.LimitReader(r, MaxBody)).Decode(into); err != nil {
		return fmt.Errorf("body is not the JSON expected: %w", err)
	}
	return nil
}

// Client is an HTTP client with keep-alive and a bounded pool; with a TLS configuration it verifies by it.
func Client(security *tls.Config) *http.Client {
	return &http.Client{
		Timeout: 5 * time.Second,
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
			TLSClientConfig:     security,
			TLSHandshakeTimeout: 3 * time.Second,
			MaxIdleConnsPerHost: 8,
			MaxConnsPerHost:     16,
			IdleConnTimeout:     time.Minute,
		},
	}
}
