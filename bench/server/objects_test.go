package main

import "testing"

// The check values of https://reveng.sourceforge.io/crc-catalogue/all.htm, in base64: e3069283 and ae8b14860a799888.
func TestChecksumsHaveTheCataloguesCheckValues(t *testing.T) {
	for checksum, expected := range map[string]string{"crc32c": "4waSgw==", "crc64nvme": "rosUhgp5mIg="} {
		one, err := Object{Body: []byte("123456789"), Checksum: checksum}.store()
		if err != nil || one.checksum[1] != expected {
			t.Errorf("%s: %q, %v", checksum, one.checksum[1], err)
		}
	}
}
