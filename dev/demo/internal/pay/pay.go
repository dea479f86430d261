// Package pay takes payments over TLS. Its certificate comes from files, in the cluster a Secret's volume, and is read
// again when they change; its callers trust exactly one authority.
package pay

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"demo/internal/run"
)

// Charge is a payment asked for; Receipt is one taken.
type Charge struct {
	Order int64 `json:"order"`
	Cents int64 `json:"cents"`
}

// Receipt is a payment taken.
type Receipt struct {
	Charge
	Reference string    `json:"reference"`
	At        time.Time `json:"at"`
}

// Main serves payments.
func Main(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("pay", flag.ContinueOnError)
	address := flags.String("listen", ":8443", "address of the HTTPS service")
	folder := flags.String("certificate", "/etc/pay", "folder with tls.crt and tls.key")
	if err := flags.Parse(args); err != nil {
		return err
	}
	certificate, err := Certificate(*folder)
	if err != nil {
		return err
	}
	return run.Serve(ctx, *address, Handler(), certificate)
}

// Certificate is the TLS configuration of a server whose certificate is in a folder.
func Certificate(folder string) (*tls.Config, error) {
	certificate := &reloading{folder: folder}
	if _, err := certificate.get(nil); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certificate.get}, nil
}

// Handler answers POST /charges.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /charges", func(w http.ResponseWriter, r *http.Request) {
		var charge Charge
		err := run.ReadJSON(r.Body, &charge)
		if err == nil && charge.Cents <= 0 {
			err = errors.New("a charge is more than nothing")
		}
		if err != nil {
			run.Fail(w, http.StatusBadRequest, err)
			return
		}
		reference := make([]byte, 8)
		rand.Read(reference) // never fails, by its contract
		run.WriteJSON(w, http.StatusCreated, Receipt{Charge: charge, Reference: hex.EncodeToString(reference), At: time.Now()})
	})
	run.Health(mux, func(context.Context) error { return nil })
	return mux
}

// Trust is the TLS configuration of a caller: it accepts certificates of this authority for this name, no others.
func Trust(authority []byte, name string) (*tls.Config, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return nil, errors.New("the authority's file holds no certificate")
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, ServerName: name}, nil
}

// reloading is a certificate on disk, read again when its file has changed.
type reloading struct {
	folder string

	lock    sync.Mutex
	changed time.Time
	current *tls.Certificate
}

func (c *reloading) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	path := filepath.Join(c.folder, "tls.crt")
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.current != nil && info.ModTime().Equal(c.changed) {
		return c.current, nil
	}
	pair, err := tls.LoadX509KeyPair(path, filepath.Join(c.folder, "tls.key"))
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	c.current, c.changed = &pair, info.ModTime()
	run.Log().Info("certificate read", "expires", pair.Leaf.NotAfter)
	return c.current, nil
}
