#include "common/certs/credentials.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

constexpr size_t kTokenDigits = 64;
constexpr int64_t kSecond = 1'000'000;

absl::Status Unfit(const fs::path& path, const std::string& why) {
  return absl::InvalidArgumentError(
      absl::StrFormat("--tls: %s: %s; let the operator issue it again with "
                      "stereofarm-coordinator certs issue",
                      path.string(), why));
}

absl::StatusOr<std::string> ReadOne(const fs::path& folder, const char* name) {
  absl::StatusOr<std::string> text = ReadFile(folder / name);
  if (text.ok()) return text;
  return absl::InvalidArgumentError(
      absl::StrFormat("--tls: %s; name the folder that stereofarm-coordinator certs issue made",
                      std::string(text.status().message())));
}

std::string Day(int64_t micros) {
  const time_t seconds = static_cast<time_t>(micros / kSecond);
  tm parts = {};
  gmtime_r(&seconds, &parts);
  return absl::StrFormat("%04d-%02d-%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

}  // namespace

absl::StatusOr<Credentials> ReadCredentials(const fs::path& folder, int64_t now_micros) {
  Credentials credentials;
  SF_ASSIGN_OR_RETURN(credentials.authority, ReadOne(folder, kAuthorityFile));
  SF_ASSIGN_OR_RETURN(credentials.own.certificate, ReadOne(folder, kCertificateFile));
  SF_ASSIGN_OR_RETURN(credentials.own.key, ReadOne(folder, kKeyFile));
  SF_ASSIGN_OR_RETURN(credentials.token, ReadOne(folder, kTokenFile));
  while (credentials.token.ends_with('\n')) credentials.token.pop_back();

  const absl::StatusOr<CertificateFacts> facts = ReadCertificate(credentials.own.certificate);
  if (!facts.ok()) return Unfit(folder / kCertificateFile, std::string(facts.status().message()));
  if (absl::Status fits = CheckKeyFits(credentials.own); !fits.ok()) {
    return Unfit(folder / kKeyFile, std::string(fits.message()));
  }
  if (absl::Status made = CheckSignedBy(credentials.own.certificate, credentials.authority);
      !made.ok()) {
    return Unfit(folder / kCertificateFile, std::string(made.message()));
  }
  if (now_micros >= facts->validity.end_micros) {
    return Unfit(folder / kCertificateFile,
                 absl::StrFormat("the certificate of %s ended on %s", facts->name,
                                 Day(facts->validity.end_micros)));
  }
  if (now_micros < facts->validity.begin_micros) {
    return Unfit(folder / kCertificateFile,
                 absl::StrFormat("the certificate of %s begins on %s only, or this machine's clock "
                                 "is wrong",
                                 facts->name, Day(facts->validity.begin_micros)));
  }
  if (!IsToken(credentials.token)) return Unfit(folder / kTokenFile, "it holds no token");
  return credentials;
}

absl::Status MakePrivateFolder(const fs::path& folder) {
  SF_RETURN_IF_ERROR(MakeDirectories(folder));
  if (chmod(folder.c_str(), 0700) != 0) {
    return ErrnoStatus(errno, "cannot keep others out of " + folder.string());
  }
  return absl::OkStatus();
}

absl::Status WriteCredentials(const fs::path& folder, const Credentials& credentials) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error)) {
    return absl::AlreadyExistsError(
        absl::StrFormat("--out: %s holds something already; name a new folder", folder.string()));
  }
  SF_RETURN_IF_ERROR(MakePrivateFolder(folder));
  SF_RETURN_IF_ERROR(WritePrivateFile(folder / kAuthorityFile, credentials.authority));
  SF_RETURN_IF_ERROR(WritePrivateFile(folder / kCertificateFile, credentials.own.certificate));
  SF_RETURN_IF_ERROR(WritePrivateFile(folder / kKeyFile, credentials.own.key));
  return WritePrivateFile(folder / kTokenFile, credentials.token + "\n");
}

bool IsToken(const std::string& text) {
  return text.size() == kTokenDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace stereofarm
