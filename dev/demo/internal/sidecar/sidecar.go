// Package sidecar is a proxy beside an application, as meshes put one there: it takes TLS from outside and asks the
// application in the clear, and what the application asks in the clear leaves by TLS. Each message says which TLS
// connection it crossed, so that whoever only looks on can be told wrong.
package sidecar

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"os"

	"demo/internal/pay"
	"demo/internal/run"
)

const (
	// Came is the request field with the client's end of the TLS connection that a request came by.
	Came = "X-Came-By"
	// Left is the response field with the own end of the TLS connection that a request left by.
	Left = "X-Left-By"
)

// Main runs one direction or both.
func Main(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("sidecar", flag.ContinueOnError)
	in := flags.String("in", "", "address that takes TLS; none when empty")
	application := flags.String("application", "http://127.0.0.1:8080", "URL of the application")
	folder := flags.String("certificate", "/etc/pay", "folder with tls.crt and tls.key")
	out := flags.String("out", "", "address that takes what the application asks; none when empty")
	peer := flags.String("peer", "", "https URL of whom it asks")
	name := flags.String("peer-name", "pay.shop", "name that the peer's certificate must bear")
	authority := flags.String("authority", "/etc/authority/ca.crt", "file with the authority that the peer's certificate comes from")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *in == "" && *out == "" {
		return errors.New("neither -in nor -out is said")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var parts []func() error
	if *in != "" {
		target, err := url.Parse(*application)
		if err != nil {
			return fmt.Errorf("application: %w", err)
		}
		certificate, err := pay.Certificate(*folder)
		if err != nil {
			return err
		}
		parts = append(parts, func() error { return run.Serve(ctx, *in, Inward(target), certificate) })
	}
	if *out != "" {
		target, err := url.Parse(*peer)
		if err != nil {
			return fmt.Errorf("peer: %w", err)
		}
		text, err := os.ReadFile(*authority)
		if err != nil {
			return fmt.Errorf("authority: %w", err)
		}
		trust, err := pay.Trust(text, *name)
		if err != nil {
			return err
		}
		parts = append(parts, func() error { return run.Serve(ctx, *out, Outward(target, trust), nil) })
	}
	ended := make(chan error, len(parts))
	for _, part := range parts {
		go func() { ended <- part() }()
	}
	var failed error
	for range parts {
		failed = errors.Join(failed, <-ended)
		stop()
	}
	return failed
}

// Inward asks the application for what came from outside.
func Inward(application *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Transport: run.Client(nil).Transport,
		Rewrite: func(request *httputil.ProxyRequest) {
			request.SetURL(application)
			request.SetXForwarded()
			request.Out.Host = request.In.Host
			request.Out.Header.Set(Came, request.In.RemoteAddr)
		},
	}
}

// Outward asks somebody outside for what the application asked.
func Outward(peer *url.URL, trust *tls.Config) http.Handler {
	proxy := &httputil.ReverseProxy{
		Transport: run.Client(trust).Transport,
		Rewrite:   func(request *httputil.ProxyRequest) { request.SetURL(peer) },
		ModifyResponse: func(response *http.Response) error {
			if by, ok := response.Request.Context().Value(leftBy{}).(*string); ok {
				response.Header.Set(Left, *by)
			}
			return nil
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		by := new(string)
		trace := &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) { *by = got.Conn.LocalAddr().String() }}
		ctx := httptrace.WithClientTrace(context.WithValue(r.Context(), leftBy{}, by), trace)
		proxy.ServeHTTP(w, r.WithContext(ctx))
	})
}

// leftBy is the key of what is noted of a request.
type leftBy struct{}
