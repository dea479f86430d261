package front

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"demo/internal/cart"
	"demo/internal/catalog"
	"demo/internal/catalog/catalogpb"
	"demo/internal/certs"
	"demo/internal/orders"
	"demo/internal/pay"
	"demo/internal/run"
)

// startShop runs the real catalog and the real payments on loopback, with carts and orders that keep nothing.
// The payments' certificate is for pay.shop; the front expects the name given.
func startShop(t *testing.T, expectedName string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())

	catalogListener := listen(t)
	catalogEnded := make(chan error, 1)
	go func() { catalogEnded <- catalog.Serve(ctx, catalogListener) }()
	connection, err := DialCatalog("passthrough:///" + catalogListener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}

	authority, certificate, key := certificateOf(t, "pay-tls")
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	payListener := listen(t)
	payEnded := make(chan error, 1)
	go func() {
		payEnded <- run.ServeOn(ctx, payListener, pay.Handler(), &tls.Config{Certificates: []tls.Certificate{pair}})
	}()
	trust, err := pay.Trust(authority, expectedName)
	if err != nil {
		t.Fatal(err)
	}

	others := http.NewServeMux()
	others.HandleFunc("POST /carts/{user}/checkout", func(w http.ResponseWriter, r *http.Request) {
		items := []cart.Item{{Product: "compass", Quantity: 2}}
		if r.PathValue("user") == "empty" {
			items = nil
		}
		run.WriteJSON(w, http.StatusOK, items)
	})
	others.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		var order orders.Order
		if err := run.ReadJSON(r.Body, &order); err != nil {
			run.Fail(w, http.StatusBadRequest, err)
			return
		}
		order.ID = 7
		run.WriteJSON(w, http.StatusCreated, order)
	})
	otherServer := httptest.NewServer(others)
	server := httptest.NewServer(Handler(Peers{
		Catalog: catalogpb.NewCatalogClient(connection),
		HTTP:    run.Client(nil), TLS: run.Client(trust),
		Cart: otherServer.URL, Orders: otherServer.URL, Pay: "https://" + payListener.Addr().String(),
	}))
	t.Cleanup(func() {
		server.Close()
		otherServer.Close()
		connection.Close()
		cancel()
		for name, ended := range map[string]chan error{"catalog": catalogEnded, "pay": payEnded} {
			if err := <-ended; err != nil {
				t.Errorf("%s did not end gracefully: %v", name, err)
			}
		}
	})
	return server.URL
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// certificateOf is a certificate as the cluster would have it, with its authority.
func certificateOf(t *testing.T, name string) (authority, certificate, key []byte) {
	t.Helper()
	objects, err := certs.Objects(nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		text, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		var head struct {
			Kind     string
			Metadata struct{ Name string }
		}
		if err := json.Unmarshal(text, &head); err != nil {
			t.Fatal(err)
		}
		switch {
		case head.Kind == "ConfigMap":
			var config struct{ Data map[string]string }
			if err := json.Unmarshal(text, &config); err != nil {
				t.Fatal(err)
			}
			authority = []byte(config.Data["ca.crt"])
		case head.Metadata.Name == name:
			var secret struct{ Data map[string][]byte }
			if err := json.Unmarshal(text, &secret); err != nil {
				t.Fatal(err)
			}
			certificate, key = secret.Data["tls.crt"], secret.Data["tls.key"]
		}
	}
	return authority, certificate, key
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestProductsComeFromTheCatalog(t *testing.T) {
	shop := startShop(t, "pay.shop")
	if status, text := get(t, shop+"/api/products"); status != 200 || strings.Count(text, `"id"`) != 12 {
		t.Errorf("list: %d %s", status, text)
	}
	if status, text := get(t, shop+"/api/products/compass"); status != 200 || !strings.Contains(text, `"name":"Compass"`) {
		t.Errorf("one: %d %s", status, text)
	}
	if status, text := get(t, shop+"/api/products/submarine"); status != 404 || !strings.Contains(text, "no product") {
		t.Errorf("none: %d %s", status, text)
	}
	if status, text := get(t, shop+"/"); status != 200 || !strings.Contains(text, `<td id="sextant">`) {
		t.Errorf("page: %d %s", status, text)
	}
	if status, text := get(t, shop+"/readyz"); status != 200 {
		t.Errorf("readiness: %d %s", status, text)
	}
}

func TestAnOrderIsWrittenAndPaidOverVerifiedTLS(t *testing.T) {
	shop := startShop(t, "pay.shop")
	var placed struct {
		Order   orders.Order
		Receipt pay.Receipt
	}
	err := run.Call(t.Context(), run.Client(nil), http.MethodPost, shop+"/api/orders/ann", nil, &placed)
	if err != nil {
		t.Fatal(err)
	}
	if placed.Order.ID != 7 || placed.Order.Items != 2 || placed.Receipt.Cents != placed.Order.TotalCents || len(placed.Receipt.Reference) != 16 {
		t.Errorf("placed: %+v", placed)
	}
	err = run.Call(t.Context(), run.Client(nil), http.MethodPost, shop+"/api/orders/empty", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "409") {
		t.Errorf("an empty cart: %v", err)
	}
}

func TestAPaymentServiceWithAnotherNameIsNotTrusted(t *testing.T) {
	shop := startShop(t, "pay.elsewhere")
	err := run.Call(t.Context(), run.Client(nil), http.MethodPost, shop+"/api/orders/ann", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "502") || !strings.Contains(err.Error(), "pay.elsewhere") {
		t.Errorf("not refused for its name: %v", err)
	}
}

func TestAnAuthorityOfSomeoneElseIsNotTrusted(t *testing.T) {
	_, certificate, key := certificateOf(t, "pay-tls")
	other, _, _ := certificateOf(t, "pay-tls")
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(pay.Handler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	defer server.Close()
	trust, err := pay.Trust(other, "pay.shop")
	if err != nil {
		t.Fatal(err)
	}
	_, err = run.Client(trust).Get(server.URL + "/healthz")
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		t.Errorf("not refused: %v", err)
	}
	if _, err := pay.Trust([]byte("nothing"), "pay.shop"); err == nil {
		t.Error("an authority without a certificate was accepted")
	}
}

func TestTheWebSocketPushesPrices(t *testing.T) {
	shop := startShop(t, "pay.shop")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	socket, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(shop, "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.CloseNow()
	for range 2 {
		kind, text, err := socket.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var price Price
		if err := json.NewDecoder(bytes.NewReader(text)).Decode(&price); err != nil || kind != websocket.MessageText {
			t.Fatalf("%v %s: %v", kind, text, err)
		}
		if price.Product == "" || price.PriceCents == 0 || time.Since(time.UnixMilli(price.AtUnixMS)) > time.Minute {
			t.Errorf("price: %+v", price)
		}
	}
	if err := socket.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("close: %v", err)
	}
}
