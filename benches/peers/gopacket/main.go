// Reads a capture as programs with gopacket's assembler do: every stream goes to the standard library's HTTP parser. Each
// transaction whose response was read is told as a line of JSON with its headers and the begin of its body.
package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"sync"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/google/gopacket/tcpassembly"
	"github.com/google/gopacket/tcpassembly/tcpreader"
)

// Lines go out one by one.
type lines struct {
	mutex sync.Mutex
	out   *bufio.Writer
}

func (l *lines) tell(about map[string]any) {
	line, err := json.Marshal(about)
	if err != nil {
		panic(err)
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.out.Write(append(line, '\n'))
}

type factory struct {
	lines *lines
	done  *sync.WaitGroup
}

// New is called for each direction of each connection.
func (f *factory) New(net, transport gopacket.Flow) tcpassembly.Stream {
	stream := tcpreader.NewReaderStream()
	f.done.Add(1)
	go f.read(&stream, net, transport)
	return &stream
}

func (f *factory) read(stream *tcpreader.ReaderStream, net, transport gopacket.Flow) {
	defer f.done.Done()
	defer tcpreader.DiscardBytesToEOF(stream)
	in := bufio.NewReader(stream)
	for {
		start, err := in.Peek(5)
		if err != nil {
			return
		}
		about := map[string]any{"src": net.Src().String() + ":" + transport.Src().String(), "dst": net.Dst().String() + ":" + transport.Dst().String()}
		var body io.ReadCloser
		if string(start) == "HTTP/" {
			response, err := http.ReadResponse(in, nil)
			if err != nil {
				return
			}
			about["kind"], about["status"], about["headers"], body = "response", response.StatusCode, response.Header, response.Body
		} else {
			request, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			about["kind"], about["method"], about["url"], about["headers"], body = "request", request.Method, request.URL.String(), request.Header, request.Body
		}
		head, err := io.ReadAll(io.LimitReader(body, 4096))
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			return
		}
		about["body"] = string(head)
		f.lines.tell(about)
	}
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	reader, err := pcapgo.NewReader(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		panic(err)
	}
	out := &lines{out: bufio.NewWriterSize(os.Stdout, 1<<18)}
	done := &sync.WaitGroup{}
	assembler := tcpassembly.NewAssembler(tcpassembly.NewStreamPool(&factory{out, done}))
	source := gopacket.NewPacketSource(reader, reader.LinkType())
	source.Lazy, source.NoCopy = true, true
	for {
		packet, err := source.NextPacket()
		if err == io.EOF {
			break
		} else if err != nil {
			panic(err)
		}
		if tcp, ok := packet.TransportLayer().(*layers.TCP); ok {
			assembler.AssembleWithTimestamp(packet.NetworkLayer().NetworkFlow(), tcp, packet.Metadata().Timestamp)
		}
	}
	assembler.FlushAll()
	done.Wait()
	if err := out.out.Flush(); err != nil {
		panic(err)
	}
}
