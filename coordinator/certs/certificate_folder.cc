#include "coordinator/certs/certificate_folder.h"

#include <algorithm>
#include <system_error>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/hash.h"
#include "common/certs/credentials.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

constexpr char kAuthorityKeyFile[] = "authority.key";
constexpr char kServerFile[] = "coordinator.pem";
constexpr char kServerKeyFile[] = "coordinator.key";
constexpr char kIssuedFolder[] = "issued";
constexpr char kRecordEnding[] = ".json";

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kDay = 86'400 * kSecond;
// Clocks of machines differ.
constexpr int64_t kClockSlack = 3'600 * kSecond;
constexpr int kMostDays = 36'500;
constexpr int kTokenDigits = 64;

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

}  // namespace

fs::path CertificateFolder::RecordFile(const std::string& name) const {
  return folder_ / kIssuedFolder / (name + kRecordEnding);
}

absl::StatusOr<Validity> CertificateFolder::ValidFor(int days) const {
  if (days < 1 || days > kMostDays) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--days: %d is outside 1 to %d", days, kMostDays));
  }
  const int64_t now = clock_->WallMicros() / kSecond * kSecond;
  return Validity{now - kClockSlack, now + days * kDay};
}

absl::StatusOr<CertificateAndKey> CertificateFolder::ReadAuthority() const {
  CertificateAndKey authority;
  const auto read = [this](const char* name, std::string* text) {
    absl::StatusOr<std::string> content = ReadFile(folder_ / name);
    if (!content.ok()) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--tls: %s; make the authority with stereofarm-coordinator certs init --tls %s",
          MessageOf(content.status()), folder_.string()));
    }
    *text = *std::move(content);
    return absl::OkStatus();
  };
  SF_RETURN_IF_ERROR(read(kAuthorityFile, &authority.certificate));
  SF_RETURN_IF_ERROR(read(kAuthorityKeyFile, &authority.key));
  if (absl::Status fits = CheckKeyFits(authority); !fits.ok()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--tls: %s and %s: %s; bring them back from a backup",
                        (folder_ / kAuthorityFile).string(), kAuthorityKeyFile, MessageOf(fits)));
  }
  return authority;
}

absl::Status CertificateFolder::WriteServer(const CertificateAndKey& authority,
                                            std::vector<std::string> hosts,
                                            const Validity& validity) {
  for (const char* own : {"localhost", "127.0.0.1", "::1"}) {
    if (std::find(hosts.begin(), hosts.end(), own) == hosts.end()) hosts.push_back(own);
  }
  SF_ASSIGN_OR_RETURN(const CertificateAndKey server,
                      MakeServerCertificate(authority, hosts, validity));
  SF_RETURN_IF_ERROR(WritePrivateFile(folder_ / kServerKeyFile, server.key));
  return WritePrivateFile(folder_ / kServerFile, server.certificate);
}

absl::Status CertificateFolder::Init(const std::vector<std::string>& hosts, int days) {
  SF_ASSIGN_OR_RETURN(const Validity validity, ValidFor(days));
  std::error_code error;
  for (const char* file : {kAuthorityFile, kAuthorityKeyFile}) {
    if (!fs::exists(fs::symlink_status(folder_ / file, error))) continue;
    return absl::AlreadyExistsError(absl::StrFormat(
        "--tls: %s exists, and a new authority would shut out everybody; add hosts with "
        "stereofarm-coordinator certs host, or name another folder",
        (folder_ / file).string()));
  }
  SF_ASSIGN_OR_RETURN(const CertificateAndKey authority, MakeAuthority(validity));
  // Fails on a wrong host before anything is written.
  if (!hosts.empty()) {
    SF_RETURN_IF_ERROR(MakeServerCertificate(authority, hosts, validity).status());
  }
  SF_RETURN_IF_ERROR(MakePrivateFolder(folder_));
  SF_RETURN_IF_ERROR(MakePrivateFolder(folder_ / kIssuedFolder));
  SF_RETURN_IF_ERROR(WriteServer(authority, hosts, validity));
  SF_RETURN_IF_ERROR(WritePrivateFile(folder_ / kAuthorityKeyFile, authority.key));
  return WritePrivateFile(folder_ / kAuthorityFile, authority.certificate);
}

absl::Status CertificateFolder::SetHosts(const std::vector<std::string>& hosts, int days) {
  SF_ASSIGN_OR_RETURN(const Validity validity, ValidFor(days));
  SF_ASSIGN_OR_RETURN(const CertificateAndKey authority, ReadAuthority());
  return WriteServer(authority, hosts, validity);
}

absl::StatusOr<IssuedRecord> CertificateFolder::Issue(const std::string& name, Role role, int days,
                                                      const fs::path& out) {
  SF_ASSIGN_OR_RETURN(const Validity validity, ValidFor(days));
  SF_ASSIGN_OR_RETURN(const CertificateAndKey authority, ReadAuthority());
  SF_ASSIGN_OR_RETURN(const CertificateFacts facts, ReadCertificate(authority.certificate));
  if (validity.end_micros > facts.validity.end_micros) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--days: the authority itself ends in %d days; issue for less, or make a new authority in "
        "another folder",
        std::max<int64_t>(0, (facts.validity.end_micros - clock_->WallMicros()) / kDay)));
  }
  Credentials credentials;
  credentials.authority = authority.certificate;
  SF_ASSIGN_OR_RETURN(credentials.own, MakeCallerCertificate(authority, name, role, validity));
  credentials.token = random_->Hex(kTokenDigits);
  const IssuedRecord record{
      name, role, Sha256Hex(credentials.token), validity.begin_micros, validity.end_micros, false};
  SF_RETURN_IF_ERROR(WriteCredentials(out, credentials));
  SF_RETURN_IF_ERROR(MakePrivateFolder(folder_ / kIssuedFolder));
  SF_RETURN_IF_ERROR(WritePrivateFile(RecordFile(name), SerializeIssued(record)));
  return record;
}

absl::Status CertificateFolder::Revoke(const std::string& name) {
  const absl::Status unknown = absl::NotFoundError(absl::StrFormat(
      "nothing was issued to '%s'; stereofarm-coordinator certs list names everybody", name));
  if (!IsCallerName(name)) return unknown;
  const absl::StatusOr<std::string> text = ReadFile(RecordFile(name));
  if (absl::IsNotFound(text.status())) return unknown;
  SF_RETURN_IF_ERROR(text.status());
  SF_ASSIGN_OR_RETURN(IssuedRecord record, ParseIssued(*text));
  record.revoked = true;
  return WritePrivateFile(RecordFile(name), SerializeIssued(record));
}

absl::StatusOr<std::vector<IssuedRecord>> CertificateFolder::List() const {
  SF_RETURN_IF_ERROR(ReadAuthority().status());
  std::vector<IssuedRecord> records;
  std::error_code error;
  for (fs::directory_iterator it(folder_ / kIssuedFolder, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().extension() != kRecordEnding) continue;
    SF_ASSIGN_OR_RETURN(const std::string text, ReadFile(it->path()));
    absl::StatusOr<IssuedRecord> record = ParseIssued(text);
    if (!record.ok()) {
      return absl::DataLossError(absl::StrFormat("%s: %s; issue it again", it->path().string(),
                                                 MessageOf(record.status())));
    }
    records.push_back(*std::move(record));
  }
  std::sort(records.begin(), records.end(),
            [](const IssuedRecord& a, const IssuedRecord& b) { return a.name < b.name; });
  return records;
}

absl::StatusOr<ServerCertificates> CertificateFolder::ForServing() const {
  ServerCertificates server;
  // The authority's key isn't needed: it may be kept elsewhere.
  for (const auto& [file, text] : {std::pair(kAuthorityFile, &server.authority),
                                   std::pair(kServerFile, &server.own.certificate),
                                   std::pair(kServerKeyFile, &server.own.key)}) {
    absl::StatusOr<std::string> content = ReadFile(folder_ / file);
    if (!content.ok()) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--tls: %s; make it with stereofarm-coordinator certs init --tls %s --host NAME",
          MessageOf(content.status()), folder_.string()));
    }
    *text = *std::move(content);
  }
  const auto unfit = [this](const std::string& why) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--tls: %s: %s; make it again with stereofarm-coordinator certs host --tls %s --host NAME",
        (folder_ / kServerFile).string(), why, folder_.string()));
  };
  if (absl::Status fits = CheckKeyFits(server.own); !fits.ok()) return unfit(MessageOf(fits));
  if (absl::Status made = CheckSignedBy(server.own.certificate, server.authority); !made.ok()) {
    return unfit(MessageOf(made));
  }
  SF_ASSIGN_OR_RETURN(const CertificateFacts facts, ReadCertificate(server.own.certificate));
  if (clock_->WallMicros() >= facts.validity.end_micros) return unfit("it isn't valid any more");
  return server;
}

absl::Status CertificateFolder::Check(const std::string& name, Role role,
                                      const std::string& token) const {
  const auto refuse = [&name](const char* why) {
    return absl::UnauthenticatedError(absl::StrFormat(
        "the farm refuses '%s': %s; ask its operator for a new folder for --tls", name, why));
  };
  if (!IsCallerName(name)) return refuse("this is no name that it issues");
  const absl::StatusOr<std::string> text = ReadFile(RecordFile(name));
  const absl::StatusOr<IssuedRecord> record =
      text.ok() ? ParseIssued(*text) : absl::StatusOr<IssuedRecord>(text.status());
  if (!record.ok() || record->name != name) return refuse("it knows nobody of that name");
  if (record->revoked) return refuse("what was issued to it is revoked");
  if (record->role != role) return refuse("its certificate was issued for another role");
  // Hashes are compared: how long that takes says nothing about the token.
  if (!IsToken(token) || Sha256Hex(token) != record->token_sha256) {
    return refuse("its token isn't the one that was issued last");
  }
  if (clock_->WallMicros() >= record->end_micros) return refuse("its certificate has ended");
  return absl::OkStatus();
}

}  // namespace stereofarm
