package certs

import (
	"encoding/json"
	"testing"
	"time"
)

// applied is what kubectl would print for the objects made.
func applied(t *testing.T, objects []any) map[string]pair {
	t.Helper()
	text, err := json.Marshal(map[string]any{"items": objects})
	if err != nil {
		t.Fatal(err)
	}
	// The ConfigMap's text is no base64; kubectl is asked for Secrets alone.
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	secrets := list.Items[:0]
	for _, item := range list.Items {
		var head struct{ Kind string }
		if err := json.Unmarshal(item, &head); err != nil {
			t.Fatal(err)
		}
		if head.Kind == "Secret" {
			secrets = append(secrets, item)
		}
	}
	text, err = json.Marshal(map[string]any{"items": secrets})
	if err != nil {
		t.Fatal(err)
	}
	present, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return present
}

func TestCertificatesHaveTheirLifetimes(t *testing.T) {
	now := time.Now()
	objects, err := Objects(nil, now)
	if err != nil {
		t.Fatal(err)
	}
	present := applied(t, objects)
	for name, days := range map[string]float64{"pay-tls": 20, "front-tls": 400, authorityName: 3650} {
		left := present[name].certificate.NotAfter.Sub(now).Hours() / 24
		if left < days-0.1 || left > days+0.1 {
			t.Errorf("%s lives %.2f days, not %v", name, left, days)
		}
	}
}

func TestGoodCertificatesStayAndOldOnesAreRenewed(t *testing.T) {
	now := time.Now()
	objects, err := Objects(nil, now)
	if err != nil {
		t.Fatal(err)
	}
	first := applied(t, objects)

	objects, err = Objects(first, now.Add(4*day))
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range applied(t, objects) {
		if !p.certificate.Equal(first[name].certificate) {
			t.Errorf("%s changed after four days", name)
		}
	}

	objects, err = Objects(first, now.Add(6*day))
	if err != nil {
		t.Fatal(err)
	}
	later := applied(t, objects)
	if later["pay-tls"].certificate.Equal(first["pay-tls"].certificate) {
		t.Error("pay-tls was not renewed with 14 days left")
	}
	if !later[authorityName].certificate.Equal(first[authorityName].certificate) {
		t.Error("the authority changed")
	}
}

func TestCertificatesOfAnotherAuthorityAreNotKept(t *testing.T) {
	now := time.Now()
	one, err := Objects(nil, now)
	if err != nil {
		t.Fatal(err)
	}
	two, err := Objects(nil, now)
	if err != nil {
		t.Fatal(err)
	}
	mixed := applied(t, one)
	mixed["pay-tls"] = applied(t, two)["pay-tls"]
	objects, err := Objects(mixed, now)
	if err != nil {
		t.Fatal(err)
	}
	if applied(t, objects)["pay-tls"].certificate.Equal(mixed["pay-tls"].certificate) {
		t.Error("a certificate of another authority was kept")
	}
}

func TestInputThatIsNoListIsRefused(t *testing.T) {
	if _, err := parse([]byte("no resources found")); err == nil {
		t.Error("accepted")
	}
}
