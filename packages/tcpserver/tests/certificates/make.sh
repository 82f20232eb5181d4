#!/bin/sh
# Makes the certificates of the tests, which are good for a hundred years. Run it in this folder.
set -eu
days="-days 36500"
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
openssl req -x509 $key $days -subj "/CN=Test CA" -keyout ca.key -out ca.pem \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
for name in localhost other.test client; do
    openssl req $key -subj "/CN=$name" -keyout $name.key -out $name.csr
    printf 'subjectAltName=DNS:%s,IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n' $name > $name.ext
    openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial $days \
        -extfile $name.ext -out $name.pem
done
openssl req -x509 $key $days -subj "/CN=stranger" -keyout stranger.key -out stranger.pem
rm -f ca.key ca.srl *.csr *.ext
