package sidecar

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

func TestWhatCrossesBothSidesSaysByWhichConnections(t *testing.T) {
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen", r.Header.Get(Came))
		_, _ = io.Copy(w, r.Body)
	}))
	defer application.Close()
	far := httptest.NewTLSServer(Inward(parse(t, application.URL)))
	defer far.Close()
	trust := far.Client().Transport.(*http.Transport).TLSClientConfig
	near := httptest.NewServer(Outward(parse(t, far.URL), &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: trust.RootCAs}))
	defer near.Close()
	for range 3 {
		response, err := http.Post(near.URL+"/path", "text/plain", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		came, left := response.Header.Get("X-Seen"), response.Header.Get(Left)
		if came == "" || came != left {
			t.Fatalf("it came by %q and left by %q", came, left)
		}
	}
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
