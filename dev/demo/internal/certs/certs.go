// Package certs makes the demo's certificates as Kubernetes objects. It reads the Secrets that are there already, from a
// file with a list as kubectl prints it in JSON, and prints the ones to apply: what is still good stays as it is, so that
// a second run changes nothing.
package certs

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

const (
	namespace = "shop"
	// Label marks the Secrets that this program made; its value is their use.
	Label = "demo.quarterdeck.dev/certificate"

	authorityName = "demo-authority"
	day           = 24 * time.Hour
)

// wanted is one certificate for a service.
type wanted struct {
	name     string
	hosts    []string
	lifetime time.Duration
	// renewed is how long before its end it is made anew.
	renewed time.Duration
}

var leaves = []wanted{
	// Near its end on purpose.
	{"pay-tls", []string{"pay.shop", "pay.shop.svc", "pay.shop.svc.cluster.local"}, 20 * day, 15 * day},
	{"front-tls", []string{"shop.localhost", "front.shop", "front.shop.svc"}, 400 * day, 60 * day},
}

// Main is the program: a list of Secrets in a file, a list of objects on stdout.
func Main(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("certs", flag.ContinueOnError)
	secrets := flags.String("present", "", "file with the list of the Secrets that are there already; none when empty")
	if err := flags.Parse(args); err != nil {
		return err
	}
	present := map[string]pair{}
	if *secrets != "" {
		input, err := os.ReadFile(*secrets)
		if err != nil {
			return err
		}
		if present, err = parse(input); err != nil {
			return err
		}
	}
	objects, err := Objects(present, time.Now())
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"apiVersion": "v1", "kind": "List", "items": objects})
}

// Objects are the Secrets with the authority and its certificates, and the ConfigMap with the authority's certificate
// alone for those who verify. Present ones that hold at this time are taken over.
func Objects(present map[string]pair, now time.Time) ([]any, error) {
	authority, ok := present[authorityName]
	if !ok || !authority.certificate.IsCA || now.Add(365*day).After(authority.certificate.NotAfter) {
		made, err := newAuthority(now)
		if err != nil {
			return nil, fmt.Errorf("authority: %w", err)
		}
		authority = made
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority.certificate)
	objects := []any{secret(authorityName, "authority", authority), configMap(authority)}
	for _, want := range leaves {
		leaf, ok := present[want.name]
		if !ok || !good(leaf, want, roots, now) {
			made, err := newLeaf(authority, want, now)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", want.name, err)
			}
			leaf = made
		}
		objects = append(objects, secret(want.name, "service", leaf))
	}
	return objects, nil
}

// good says whether a certificate comes from this authority, bears the names wanted and lives long enough.
func good(leaf pair, want wanted, roots *x509.CertPool, now time.Time) bool {
	for _, host := range want.hosts {
		if _, err := leaf.certificate.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, DNSName: host}); err != nil {
			return false
		}
	}
	return leaf.certificate.NotAfter.Sub(now) > want.renewed
}

// metadata of every object made here.
func metadata(name, use string) map[string]any {
	return map[string]any{
		"name": name, "namespace": namespace,
		"labels": map[string]string{
			"app.kubernetes.io/part-of":    "shop",
			"app.kubernetes.io/managed-by": "demo",
			Label:                          use,
		},
	}
}

func secret(name, use string, p pair) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
		"metadata": metadata(name, use),
		// Bytes become base64 in JSON, as Secrets have them.
		"data": map[string][]byte{"tls.crt": p.certificatePEM, "tls.key": p.keyPEM},
	}
}

func configMap(authority pair) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": metadata(authorityName, "authority"),
		"data":     map[string]string{"ca.crt": string(authority.certificatePEM)},
	}
}

// parse reads a list of Secrets; those that hold no pair of ours are left out.
func parse(input []byte) (map[string]pair, error) {
	present := map[string]pair{}
	var list struct {
		Items []struct {
			Metadata struct{ Name, Namespace string }
			Data     map[string][]byte
		}
	}
	if err := json.Unmarshal(input, &list); err != nil {
		return nil, fmt.Errorf("no list of Secrets: %w", err)
	}
	for _, item := range list.Items {
		if item.Metadata.Namespace != namespace {
			continue
		}
		if p, err := read(item.Data["tls.crt"], item.Data["tls.key"]); err == nil {
			present[item.Metadata.Name] = p
		} else {
			fmt.Fprintf(os.Stderr, "Secret %s holds no certificate that can be kept: %v\n", item.Metadata.Name, err)
		}
	}
	return present, nil
}
