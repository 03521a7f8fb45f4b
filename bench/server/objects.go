package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"hash/crc64"
	"strconv"
	"strings"
)

// Object is a file of the bucket.
type Object struct {
	// Base64 in JSON.
	Body []byte
	// Of S3: `crc32c`, `crc64nvme`, or none.
	Checksum string
}

type stored struct {
	body   []byte
	length string
	// The header of S3's checksum and its value, where it has one.
	checksum [2]string
	crc32c   string
	// NAME and value of each line.
	variables [][2]string
}

// crc64NVME is in reversed form, as hash/crc64 wants it.
// https://reveng.sourceforge.io/crc-catalogue/all.htm#crc.cat.crc-64-nvme
var crc64NVME = crc64.MakeTable(0x9a6c9329ac4bc9b5)

func (object Object) store() (*stored, error) {
	body := object.Body
	one := &stored{body: body, length: strconv.Itoa(len(body)), crc32c: crc32cOf(body), variables: variables(body)}
	switch object.Checksum {
	case "":
	case "crc32c":
		one.checksum = [2]string{"X-Amz-Checksum-Crc32c", one.crc32c}
	case "crc64nvme":
		sum := binary.BigEndian.AppendUint64(nil, crc64.Checksum(body, crc64NVME))
		one.checksum = [2]string{"X-Amz-Checksum-Crc64nvme", base64.StdEncoding.EncodeToString(sum)}
	default:
		return nil, fmt.Errorf("unknown checksum %q", object.Checksum)
	}
	return one, nil
}

func crc32cOf(body []byte) string {
	sum := binary.BigEndian.AppendUint32(nil, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
	return base64.StdEncoding.EncodeToString(sum)
}

func variables(body []byte) (list [][2]string) {
	for line := range strings.Lines(string(body)) {
		if name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), "="); found {
			list = append(list, [2]string{name, value})
		}
	}
	return list
}
