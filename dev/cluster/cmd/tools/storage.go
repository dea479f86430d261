package main

import (
	"flag"
	"fmt"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"k8s.io/apimachinery/pkg/runtime"
)

// connection is how a command reaches the cluster: etcd and the API server.
type connection struct{ endpoint, pki, kubeconfig string }

func (c *connection) flags(flags *flag.FlagSet) {
	flags.StringVar(&c.endpoint, "etcd", "", "URL of etcd")
	flags.StringVar(&c.pki, "pki", "", "folder of the certificates of the cluster")
	flags.StringVar(&c.kubeconfig, "kubeconfig", "", "kubeconfig of the cluster")
}

func (c *connection) etcd() (*clientv3.Client, error) {
	if c.endpoint == "" || c.pki == "" {
		return nil, fmt.Errorf("--etcd and --pki are needed")
	}
	tls, err := transport.TLSInfo{
		CertFile:      filepath.Join(c.pki, "etcd-client.crt"),
		KeyFile:       filepath.Join(c.pki, "etcd-client.key"),
		TrustedCAFile: filepath.Join(c.pki, "etcd-ca.crt"),
	}.ClientConfig()
	if err != nil {
		return nil, err
	}
	return clientv3.New(clientv3.Config{
		Endpoints:          []string{c.endpoint},
		TLS:                tls,
		DialTimeout:        10 * time.Second,
		Logger:             zap.NewNop(),
		MaxCallSendMsgSize: 16 << 20,
	})
}

// stored is a Kubernetes object of the generated types.
type stored interface {
	Size() int
	MarshalToSizedBuffer(data []byte) (int, error)
	Unmarshal(data []byte) error
}

// magic starts every protobuf value that the API server stores.
var magic = []byte("k8s\x00")

// encode gives the value under which the API server stores an object.
func encode(apiVersion, kind string, object stored) ([]byte, error) {
	raw := make([]byte, object.Size())
	if _, err := object.MarshalToSizedBuffer(raw); err != nil {
		return nil, err
	}
	unknown := runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: apiVersion, Kind: kind}, Raw: raw}
	value := make([]byte, len(magic)+unknown.Size())
	copy(value, magic)
	_, err := unknown.MarshalToSizedBuffer(value[len(magic):])
	return value, err
}

// decode reads a stored value back.
func decode(value []byte, object stored) error {
	if len(value) < len(magic) || string(value[:len(magic)]) != string(magic) {
		return fmt.Errorf("the value is not stored as protobuf")
	}
	var unknown runtime.Unknown
	if err := unknown.Unmarshal(value[len(magic):]); err != nil {
		return err
	}
	return object.Unmarshal(unknown.Raw)
}
