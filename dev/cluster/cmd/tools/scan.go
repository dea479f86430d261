package main

import (
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// seen is what the simulator wants to know of a stored pod.
type seen struct {
	namespace, name, node string
	deleting, started     bool
}

func (p seen) needsWork() bool {
	return strings.HasPrefix(p.node, "sim-") && (p.deleting || !p.started)
}

// scan walks a stored pod without decoding it. Field numbers are those of generated.proto in k8s.io/api/core/v1 and
// k8s.io/apimachinery/pkg/apis/meta/v1. A damaged value yields nothing.
func scan(value []byte) seen {
	var pod seen
	if len(value) < len(magic) {
		return pod
	}
	fields(value[len(magic):], func(number protowire.Number, unknown []byte) {
		if number != 2 { // Unknown.raw
			return
		}
		fields(unknown, func(number protowire.Number, part []byte) {
			fields(part, func(inner protowire.Number, content []byte) {
				switch {
				case number == 1 && inner == 1:
					pod.name = string(content)
				case number == 1 && inner == 3:
					pod.namespace = string(content)
				case number == 1 && inner == 9:
					pod.deleting = true
				case number == 2 && inner == 10:
					pod.node = string(content)
				case number == 3 && inner == 7:
					pod.started = true
				}
			})
		})
	})
	return pod
}

// fields calls visit for every length-delimited field.
func fields(data []byte, visit func(protowire.Number, []byte)) {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return
		}
		data = data[n:]
		if kind != protowire.BytesType {
			n = protowire.ConsumeFieldValue(number, kind, data)
		} else {
			var content []byte
			if content, n = protowire.ConsumeBytes(data); n >= 0 {
				visit(number, content)
			}
		}
		if n < 0 {
			return
		}
		data = data[n:]
	}
}
