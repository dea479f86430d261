// Writes the protobuf message tables of the built-in Kubernetes kinds as Rust source.
//
//	go run . OUTPUT_FOLDER
//
// The tables come from the published Go types rather than from the .proto files next to them, because only the Go
// struct tags say what the API server's JSON looks like: which fields are inlined, left out when empty, or null.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strconv"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	metrics "k8s.io/metrics/pkg/apis/metrics/v1beta1"
)

// Versions that no server of a supported release prefers.
var dropped = map[string]bool{
	"extensions/v1beta1": true, "apps/v1beta1": true, "apps/v1beta2": true, "batch/v1beta1": true,
	"autoscaling/v2beta1": true, "autoscaling/v2beta2": true, "policy/v1beta1": true, "discovery.k8s.io/v1beta1": true,
	"events.k8s.io/v1beta1": true, "node.k8s.io/v1alpha1": true, "node.k8s.io/v1beta1": true,
	"scheduling.k8s.io/v1alpha1": true, "scheduling.k8s.io/v1beta1": true, "rbac.authorization.k8s.io/v1alpha1": true,
	"rbac.authorization.k8s.io/v1beta1": true, "flowcontrol.apiserver.k8s.io/v1beta1": true,
	"flowcontrol.apiserver.k8s.io/v1beta2": true, "coordination.k8s.io/v1alpha1": true,
	"authentication.k8s.io/v1alpha1": true, "authentication.k8s.io/v1beta1": true,
	"authorization.k8s.io/v1beta1": true, "imagepolicy.k8s.io/v1alpha1": true, "internal.apiserver.k8s.io/v1alpha1": true,
}

const (
	omitEmpty = 1 << iota
	omitZero
	pointer
	inline
)

type field struct {
	number      int
	name        string
	ty          string
	cardinality string
	flags       int
	message     int
}

type message struct {
	name   string
	fields []field
}

type table struct {
	index    map[reflect.Type]int
	messages []*message
}

type marshaler interface{ Marshal() ([]byte, error) }

var (
	marshals = reflect.TypeOf((*marshaler)(nil)).Elem()
	special  = map[reflect.Type]string{
		reflect.TypeOf(metav1.Time{}):                                "Time",
		reflect.TypeOf(metav1.MicroTime{}):                           "MicroTime",
		reflect.TypeOf(metav1.Duration{}):                            "Duration",
		reflect.TypeOf(resource.Quantity{}):                          "Quantity",
		reflect.TypeOf(intstr.IntOrString{}):                         "IntOrString",
		reflect.TypeOf(runtime.RawExtension{}):                       "Raw",
		reflect.TypeOf(metav1.FieldsV1{}):                            "Raw",
		reflect.TypeOf(apiextensions.JSON{}):                         "Raw",
		reflect.TypeOf(apiextensions.JSONSchemaPropsOrBool{}):        "OrBool",
		reflect.TypeOf(apiextensions.JSONSchemaPropsOrArray{}):       "OrList",
		reflect.TypeOf(apiextensions.JSONSchemaPropsOrStringArray{}): "OrList",
	}
)

// The type of one value, and the message it holds if it is one.
func (t *table) value(ty reflect.Type) (string, int) {
	for ty.Kind() == reflect.Pointer {
		ty = ty.Elem()
	}
	if name, ok := special[ty]; ok {
		if strings.HasPrefix(name, "Or") {
			return name, t.add(ty)
		}
		return name, 0
	}
	switch ty.Kind() {
	case reflect.String:
		return "Str", 0
	case reflect.Bool:
		return "Bool", 0
	case reflect.Int32, reflect.Int64, reflect.Int:
		return "Int", 0
	case reflect.Float64:
		return "Double", 0
	case reflect.Slice:
		if ty.Elem().Kind() == reflect.Uint8 {
			return "Bytes", 0
		}
		if reflect.PointerTo(ty).Implements(marshals) {
			// A named list that travels as a message of its own: {items = 1}.
			inner, msg := t.value(ty.Elem())
			return "Wrapped" + inner, msg
		}
	case reflect.Struct:
		return "Message", t.add(ty)
	}
	log.Fatalf("no mapping for %v", ty)
	return "", 0
}

func (t *table) add(ty reflect.Type) int {
	if at, ok := t.index[ty]; ok {
		return at
	}
	at := len(t.messages)
	t.index[ty] = at
	msg := &message{name: ty.Name()}
	t.messages = append(t.messages, msg)
	for i := range ty.NumField() {
		sf := ty.Field(i)
		tag := strings.Split(sf.Tag.Get("protobuf"), ",")
		if len(tag) < 2 {
			continue
		}
		number, err := strconv.Atoi(tag[1])
		if err != nil {
			log.Fatalf("%v.%s: %v", ty, sf.Name, err)
		}
		json := strings.Split(sf.Tag.Get("json"), ",")
		f := field{number: number, name: json[0], cardinality: "One"}
		for _, option := range json[1:] {
			switch option {
			case "omitempty":
				f.flags |= omitEmpty
			case "omitzero":
				f.flags |= omitZero
			case "inline":
				f.flags |= inline
			}
		}
		if sf.Anonymous && json[0] == "" {
			f.flags |= inline
		}
		if f.name == "" {
			// Inlined: the name shows nowhere.
			f.name = strings.ToLower(sf.Name[:1]) + sf.Name[1:]
		}
		fty := sf.Type
		if fty.Kind() == reflect.Pointer {
			f.flags |= pointer
			fty = fty.Elem()
		}
		wrapped := reflect.PointerTo(fty).Implements(marshals)
		switch {
		case special[fty] != "":
			f.ty, f.message = t.value(fty)
		case fty.Kind() == reflect.Map:
			f.cardinality = "Map"
			f.ty, f.message = t.value(fty.Elem())
			if fty.Elem().Kind() == reflect.Pointer {
				log.Fatalf("%v.%s: map of pointers", ty, sf.Name)
			}
		case fty.Kind() == reflect.Slice && fty.Elem().Kind() != reflect.Uint8 && !wrapped:
			f.cardinality = "Many"
			f.ty, f.message = t.value(fty.Elem())
		default:
			f.ty, f.message = t.value(fty)
		}
		msg.fields = append(msg.fields, f)
	}
	sort.Slice(msg.fields, func(a, b int) bool { return msg.fields[a].number < msg.fields[b].number })
	return at
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: gen OUTPUT_FOLDER")
	}
	all := scheme.Scheme
	for _, add := range []func(*runtime.Scheme) error{apiextensions.AddToScheme, apiregistration.AddToScheme, metrics.AddToScheme} {
		if err := add(all); err != nil {
			log.Fatal(err)
		}
	}
	t := &table{index: map[reflect.Type]int{}}
	type root struct {
		api, kind string
		message   int
	}
	var roots []root
	kinds := make([]schema.GroupVersionKind, 0)
	known := all.AllKnownTypes()
	for gvk := range known {
		kinds = append(kinds, gvk)
	}
	sort.Slice(kinds, func(a, b int) bool { return kinds[a].String() < kinds[b].String() })
	statusAdded := false
	for _, gvk := range kinds {
		ty := known[gvk]
		api := gvk.GroupVersion().String()
		_, hasMeta := ty.FieldByName("ObjectMeta")
		status := ty == reflect.TypeOf(metav1.Status{}) && !statusAdded && api == "v1"
		if status {
			statusAdded = true
		}
		if gvk.Version == runtime.APIVersionInternal || dropped[api] || !(hasMeta || status) {
			continue
		}
		if !reflect.PointerTo(ty).Implements(marshals) {
			continue
		}
		roots = append(roots, root{api, gvk.Kind, t.add(ty)})
	}
	sort.Slice(roots, func(a, b int) bool {
		return roots[a].api < roots[b].api || roots[a].api == roots[b].api && roots[a].kind < roots[b].kind
	})
	own := map[int]int{}
	for at, r := range roots {
		if _, seen := own[r.message]; !seen {
			own[r.message] = at
		}
	}

	var fields, messages, kindsOut bytes.Buffer
	head := "// Written by crates/wire/gen from the types of Kubernetes 1.34. Do not edit.\n#![cfg_attr(rustfmt, rustfmt_skip)]\n\n"
	count := 0
	fmt.Fprintf(&messages, "%suse super::{Message, m};\n\npub(super) static MESSAGES: [Message; %d] = [\n", head, len(t.messages))
	for at, msg := range t.messages {
		r := "None"
		if o, ok := own[at]; ok {
			r = fmt.Sprintf("Some(%d)", o)
		}
		fmt.Fprintf(&messages, "    m(%q, %d, %d, %s),\n", msg.name, count, len(msg.fields), r)
		count += len(msg.fields)
	}
	messages.WriteString("];\n")
	fmt.Fprintf(&fields, "%suse super::{Cardinality::*, Field, Type::*, f};\n\npub(super) static FIELDS: [Field; %d] = [\n", head, count)
	for _, msg := range t.messages {
		for _, d := range msg.fields {
			fmt.Fprintf(&fields, "    f(%q, %d, %s, %s, %d, %d),\n", d.name, d.number, d.cardinality, d.ty, d.flags, d.message)
		}
	}
	fields.WriteString("];\n")
	fmt.Fprintf(&kindsOut, "%spub(super) static KINDS: [(&str, &str, u16); %d] = [\n", head, len(roots))
	for _, r := range roots {
		fmt.Fprintf(&kindsOut, "    (%q, %q, %d),\n", r.api, r.kind, r.message)
	}
	kindsOut.WriteString("];\n")
	for name, out := range map[string]*bytes.Buffer{"fields.rs": &fields, "messages.rs": &messages, "kinds.rs": &kindsOut} {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), out.Bytes(), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
