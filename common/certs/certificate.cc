#include "common/certs/certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

// OpenSSL's objects with an end.
template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

constexpr char kRolePrefix[] = "stereofarm:role:";
constexpr int64_t kSecond = 1'000'000;
constexpr int kSerialBytes = 16;

absl::Status OpenSslError(const char* what) {
  char text[256] = "no reason given";
  if (const unsigned long code = ERR_get_error(); code != 0) {
    ERR_error_string_n(code, text, sizeof(text));
  }
  ERR_clear_error();
  return absl::InternalError(absl::StrFormat("%s: %s", what, text));
}

Bio Memory(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string Content(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(std::max<long>(size, 0)));
}

// A key that asks for a password counts as no key.
int NoPassword(char*, int, int, void*) { return 0; }

X509Ptr ParseCertificate(const std::string& pem) {
  X509Ptr certificate(PEM_read_bio_X509(Memory(pem).get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  return certificate;
}

Key ParseKey(const std::string& pem) {
  Key key(PEM_read_bio_PrivateKey(Memory(pem).get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  return key;
}

absl::Status SetDates(X509* certificate, const Validity& validity) {
  const time_t begin = static_cast<time_t>(validity.begin_micros / kSecond);
  const time_t end = static_cast<time_t>(validity.end_micros / kSecond);
  if (ASN1_TIME_set(X509_getm_notBefore(certificate), begin) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(certificate), end) == nullptr) {
    return OpenSslError("cannot date a certificate");
  }
  return absl::OkStatus();
}

absl::Status SetSerial(X509* certificate) {
  unsigned char bytes[kSerialBytes];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) return OpenSslError("no randomness for a serial");
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);  // positive, and as long as said
  const std::unique_ptr<BIGNUM, Freer<BN_free>> number(BN_bin2bn(bytes, sizeof(bytes), nullptr));
  if (number == nullptr ||
      BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) {
    return OpenSslError("cannot number a certificate");
  }
  return absl::OkStatus();
}

absl::Status SetName(X509_NAME* name, const std::string& common_name) {
  const auto add = [name](const char* field, const std::string& value) {
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(value.data()),
                                      static_cast<int>(value.size()), -1, 0) == 1;
  };
  if (add("O", "stereofarm") && add("CN", common_name)) return absl::OkStatus();
  return OpenSslError("cannot name a certificate");
}

struct ExtensionText {
  int nid;
  std::string text;
};

absl::Status AddExtensions(X509* certificate, X509* issuer,
                           const std::vector<ExtensionText>& extensions) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  for (const ExtensionText& entry : extensions) {
    const Extension extension(
        X509V3_EXT_conf_nid(nullptr, &context, entry.nid, entry.text.c_str()));
    if (extension == nullptr || X509_add_ext(certificate, extension.get(), -1) != 1) {
      return OpenSslError("cannot extend a certificate");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<CertificateAndKey> ToPem(X509* certificate, EVP_PKEY* key) {
  const Bio certificate_text(BIO_new(BIO_s_mem()));
  const Bio key_text(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_text.get(), certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return OpenSslError("cannot write a certificate");
  }
  return CertificateAndKey{Content(certificate_text.get()), Content(key_text.get())};
}

// `authority` null: the certificate signs itself.
absl::StatusOr<CertificateAndKey> Make(const CertificateAndKey* authority,
                                       const std::string& common_name, const Validity& validity,
                                       const std::vector<ExtensionText>& extensions) {
  const Key key(EVP_EC_gen("P-256"));
  const X509Ptr certificate(X509_new());
  if (key == nullptr || certificate == nullptr) return OpenSslError("cannot make a key");
  X509Ptr issuer;
  Key issuer_key;
  if (authority != nullptr) {
    SF_RETURN_IF_ERROR(CheckKeyFits(*authority));
    issuer = ParseCertificate(authority->certificate);
    issuer_key = ParseKey(authority->key);
  }
  X509* const signer = issuer != nullptr ? issuer.get() : certificate.get();
  EVP_PKEY* const signer_key = issuer_key != nullptr ? issuer_key.get() : key.get();
  SF_RETURN_IF_ERROR(SetSerial(certificate.get()));
  SF_RETURN_IF_ERROR(SetDates(certificate.get(), validity));
  SF_RETURN_IF_ERROR(SetName(X509_get_subject_name(certificate.get()), common_name));
  if (X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      X509_set_pubkey(certificate.get(), key.get()) != 1 ||
      X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer)) != 1) {
    return OpenSslError("cannot fill in a certificate");
  }
  SF_RETURN_IF_ERROR(AddExtensions(certificate.get(), signer, extensions));
  if (X509_sign(certificate.get(), signer_key, EVP_sha256()) == 0) {
    return OpenSslError("cannot sign a certificate");
  }
  return ToPem(certificate.get(), key.get());
}

bool IsAddress(const std::string& host) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

std::string TextOf(const ASN1_STRING* text) {
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<size_t>(ASN1_STRING_length(text)));
}

std::string AddressText(const ASN1_OCTET_STRING* address) {
  char text[INET6_ADDRSTRLEN] = "";
  const int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(address) != 16) return "";
  inet_ntop(family, ASN1_STRING_get0_data(address), text, sizeof(text));
  return text;
}

int64_t MicrosOf(const ASN1_TIME* time) {
  tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return static_cast<int64_t>(timegm(&parts)) * kSecond;
}

}  // namespace

absl::StatusOr<CertificateAndKey> MakeAuthority(const Validity& validity) {
  return Make(nullptr, "stereofarm authority", validity,
              {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
               {NID_key_usage, "critical,keyCertSign,cRLSign"},
               {NID_subject_key_identifier, "hash"}});
}

absl::StatusOr<CertificateAndKey> MakeServerCertificate(const CertificateAndKey& authority,
                                                        const std::vector<std::string>& hosts,
                                                        const Validity& validity) {
  std::string names;
  for (const std::string& host : hosts) {
    if (!IsHostName(host)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("--host: '%s' is neither a host name nor an IP address", host));
    }
    names += (names.empty() ? "" : ",") + std::string(IsAddress(host) ? "IP:" : "DNS:") + host;
  }
  if (names.empty()) return absl::InvalidArgumentError("--host: name at least one host");
  return Make(&authority, "stereofarm coordinator", validity,
              {{NID_basic_constraints, "critical,CA:FALSE"},
               {NID_key_usage, "critical,digitalSignature"},
               {NID_ext_key_usage, "serverAuth"},
               {NID_authority_key_identifier, "keyid"},
               {NID_subject_alt_name, names}});
}

absl::StatusOr<CertificateAndKey> MakeCallerCertificate(const CertificateAndKey& authority,
                                                        const std::string& name, Role role,
                                                        const Validity& validity) {
  if (!IsCallerName(name)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "'%s' can't be a name here; use 1 to 64 letters, digits, '.', '-' and '_'", name));
  }
  return Make(&authority, name, validity,
              {{NID_basic_constraints, "critical,CA:FALSE"},
               {NID_key_usage, "critical,digitalSignature"},
               {NID_ext_key_usage, "clientAuth"},
               {NID_authority_key_identifier, "keyid"},
               {NID_subject_alt_name, "URI:" + (kRolePrefix + RoleName(role))}});
}

absl::StatusOr<CertificateFacts> ReadCertificate(const std::string& pem) {
  const X509Ptr certificate = ParseCertificate(pem);
  if (certificate == nullptr) return absl::InvalidArgumentError("it holds no certificate");
  CertificateFacts facts;
  const X509_NAME* subject = X509_get_subject_name(certificate.get());
  if (const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1); at >= 0) {
    facts.name = TextOf(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  }
  facts.validity.begin_micros = MicrosOf(X509_get0_notBefore(certificate.get()));
  facts.validity.end_micros = MicrosOf(X509_get0_notAfter(certificate.get()));
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) facts.hosts.push_back(TextOf(name->d.dNSName));
    if (name->type == GEN_IPADD) facts.hosts.push_back(AddressText(name->d.iPAddress));
    if (name->type != GEN_URI) continue;
    const std::string uri = TextOf(name->d.uniformResourceIdentifier);
    if (!uri.starts_with(kRolePrefix)) continue;
    if (const auto role = ParseRole(uri.substr(sizeof(kRolePrefix) - 1)); role.ok()) {
      facts.role = *role;
    }
  }
  return facts;
}

absl::Status CheckKeyFits(const CertificateAndKey& pair) {
  const X509Ptr certificate = ParseCertificate(pair.certificate);
  if (certificate == nullptr) return absl::InvalidArgumentError("there is no certificate");
  const Key key = ParseKey(pair.key);
  if (key == nullptr) return absl::InvalidArgumentError("there is no key");
  const bool fits = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError("the key is another certificate's");
}

absl::Status CheckSignedBy(const std::string& certificate, const std::string& authority) {
  const X509Ptr subject = ParseCertificate(certificate);
  const X509Ptr issuer = ParseCertificate(authority);
  if (subject == nullptr) return absl::InvalidArgumentError("there is no certificate");
  if (issuer == nullptr) return absl::InvalidArgumentError("there is no authority's certificate");
  const bool is_signed = X509_check_issued(issuer.get(), subject.get()) == X509_V_OK &&
                         X509_verify(subject.get(), X509_get0_pubkey(issuer.get())) == 1;
  ERR_clear_error();
  if (is_signed) return absl::OkStatus();
  return absl::InvalidArgumentError("another authority made the certificate");
}

bool IsCallerName(const std::string& name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= 64 && name[0] != '.' && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), fits);
}

bool IsHostName(const std::string& host) {
  if (IsAddress(host)) return host.find('\0') == std::string::npos;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
  };
  return !host.empty() && host.size() <= 253 && host[0] != '.' && host[0] != '-' &&
         std::all_of(host.begin(), host.end(), fits);
}

}  // namespace stereofarm
