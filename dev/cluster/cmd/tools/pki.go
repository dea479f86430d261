package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"flag"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// pki writes the keys and certificates of one cluster, and the kubeconfigs of its parts and of its administrator. Three
// authorities are kept apart: clients of the API server, clients of etcd, and the aggregation layer's front proxy.
func pki(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("pki", flag.ContinueOnError)
	dir := flags.String("dir", "", "folder to write to")
	server := flags.String("server", "", "URL of the API server")
	addresses := flags.String("ip", "127.0.0.1", "addresses of the API server, with commas")
	node := flags.String("node", "node1", "name of the node")
	nodeAddress := flags.String("node-ip", "127.0.0.1", "address of the node")
	name := flags.String("context", "dev", "name of the context in the kubeconfigs")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir == "" || *server == "" {
		return fmt.Errorf("--dir and --server are needed")
	}
	w := pkiWriter{dir: *dir, server: *server, context: *name}
	clients, err := w.authority("ca", "kubernetes-ca")
	if err != nil {
		return err
	}
	etcd, err := w.authority("etcd-ca", "etcd-ca")
	if err != nil {
		return err
	}
	front, err := w.authority("front-proxy-ca", "front-proxy-ca")
	if err != nil {
		return err
	}
	if err := w.serviceAccountKey(); err != nil {
		return err
	}
	serverNames := []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}
	leaves := []leaf{
		{file: "apiserver", subject: pkix.Name{CommonName: "kube-apiserver"}, names: append(serverNames, strings.Split(*addresses, ",")...), by: clients},
		{file: "kubelet-server", subject: pkix.Name{CommonName: *node}, names: []string{*node, "127.0.0.1", *nodeAddress}, by: clients},
		{file: "kubelet-client", subject: subject("kube-apiserver-kubelet-client", "system:masters"), by: clients},
		{file: "etcd", subject: pkix.Name{CommonName: "etcd"}, names: []string{"localhost", "127.0.0.1"}, by: etcd},
		{file: "etcd-client", subject: pkix.Name{CommonName: "kube-apiserver-etcd-client"}, by: etcd},
		{file: "front-proxy", subject: pkix.Name{CommonName: "front-proxy-client"}, by: front},
		{file: "admin", subject: subject("kubernetes-admin", "system:masters"), by: clients, config: "../kubeconfig"},
		{file: "controllers", subject: pkix.Name{CommonName: "system:kube-controller-manager"}, by: clients, config: "controllers.kubeconfig"},
		{file: "scheduler", subject: pkix.Name{CommonName: "system:kube-scheduler"}, by: clients, config: "scheduler.kubeconfig"},
		{file: "kubelet", subject: subject("system:node:"+*node, "system:nodes"), by: clients, config: "kubelet.kubeconfig"},
		{file: "proxy", subject: pkix.Name{CommonName: "system:kube-proxy"}, by: clients, config: "proxy.kubeconfig"},
		{file: "tools", subject: subject("system:devcluster-tools", "system:masters"), by: clients, config: "tools.kubeconfig"},
	}
	for _, l := range leaves {
		if err := w.leaf(l, clients); err != nil {
			return err
		}
	}
	return nil
}

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

type leaf struct {
	file    string
	subject pkix.Name
	// names are DNS names and addresses alike.
	names []string
	by    authority
	// config is a kubeconfig to write with this identity, or empty.
	config string
}

type pkiWriter struct{ dir, server, context string }

func subject(user, group string) pkix.Name {
	return pkix.Name{CommonName: user, Organization: []string{group}}
}

func (w pkiWriter) authority(file, name string) (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	template, err := certificate(pkix.Name{CommonName: name})
	if err != nil {
		return authority{}, err
	}
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage |= x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return authority{}, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return authority{}, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	_, err = w.pair(file, text, key)
	return authority{certificate: parsed, key: key, pem: text}, err
}

func (w pkiWriter) leaf(l leaf, server authority) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template, err := certificate(l.subject)
	if err != nil {
		return err
	}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, name := range l.names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, l.by.certificate, key.Public(), l.by.key)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyText, err := w.pair(l.file, text, key)
	if err != nil || l.config == "" {
		return err
	}
	encode := base64.StdEncoding.EncodeToString
	config := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: %[1]s
  cluster:
    server: %[2]s
    certificate-authority-data: %[3]s
users:
- name: %[1]s-%[4]s
  user:
    client-certificate-data: %[5]s
    client-key-data: %[6]s
contexts:
- name: %[1]s
  context: {cluster: %[1]s, user: %[1]s-%[4]s}
current-context: %[1]s
`, w.context, w.server, encode(server.pem), l.file, encode(text), encode(keyText))
	return os.WriteFile(filepath.Join(w.dir, l.config), []byte(config), 0o600)
}

func (w pkiWriter) serviceAccountKey() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	_, err = w.pair("service-account", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), key)
	return err
}

// pair writes FILE.crt (or the public key) and FILE.key, and returns the text of the key.
func (w pkiWriter) pair(file string, public []byte, key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(filepath.Join(w.dir, file+".key"), text, 0o600); err != nil {
		return nil, err
	}
	return text, os.WriteFile(filepath.Join(w.dir, file+".crt"), public, 0o644)
}

func certificate(name pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      name,
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(10, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}, nil
}
