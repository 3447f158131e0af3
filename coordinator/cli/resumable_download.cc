#include "coordinator/cli/resumable_download.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "common/base/file_system.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

constexpr long kConnectSeconds = 30;
constexpr long kStillSeconds = 60;  // without a byte
constexpr long kMaxRedirects = 10;

fs::path OriginPath(const fs::path& part) { return part.string() + ".from"; }

// What a part is of, two lines in a file: the URL, and the validator (an ETag or a date) that the
// server gave for the content.
struct Origin {
  std::string url;
  std::string validator;
};

std::optional<Origin> ReadOrigin(const fs::path& part) {
  const auto text = ReadFile(OriginPath(part));
  if (!text.ok()) return std::nullopt;
  const size_t first = text->find('\n');
  const size_t second = first == std::string::npos ? first : text->find('\n', first + 1);
  if (second == std::string::npos) return std::nullopt;
  return Origin{text->substr(0, first), text->substr(first + 1, second - first - 1)};
}

// The part, open and locked against other processes.
class PartFile {
 public:
  static absl::StatusOr<std::unique_ptr<PartFile>> Open(const fs::path& path) {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) return ErrnoStatus(errno, "cannot create " + path.string());
    auto file = std::unique_ptr<PartFile>(new PartFile(fd, path));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      return absl::FailedPreconditionError(
          absl::StrFormat("another process is downloading to %s; let it end first", path.string()));
    }
    struct stat facts {};
    if (fstat(fd, &facts) != 0) return ErrnoStatus(errno, "cannot stat " + path.string());
    file->size_ = facts.st_size;
    return file;
  }
  ~PartFile() { close(fd_); }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  int64_t size() const { return size_; }

  absl::Status Clear() {
    if (ftruncate(fd_, 0) != 0) return ErrnoStatus(errno, "cannot write " + path_.string());
    size_ = 0;
    return absl::OkStatus();
  }

  absl::Status Append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = pwrite(fd_, bytes.data(), bytes.size(), size_);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return ErrnoStatus(errno, "cannot write " + path_.string());
      size_ += written;
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }

 private:
  PartFile(int fd, fs::path path) : fd_(fd), path_(std::move(path)) {}

  const int fd_;
  const fs::path path_;
  int64_t size_ = 0;
};

std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() || number < 0) return std::nullopt;
  return number;
}

// One answer of the server, as curl tells it piece by piece.
class Transfer {
 public:
  Transfer(const DownloadRequest& request, CURL* curl, PartFile* part)
      : request_(request), curl_(curl), part_(part) {}

  // Why it was given up, where not curl but what came is to blame.
  const absl::Status& status() const { return status_; }

  static size_t OnHeader(char* data, size_t, size_t count, void* self) {
    static_cast<Transfer*>(self)->TakeHeader({data, count});
    return count;
  }

  static size_t OnData(char* data, size_t, size_t count, void* self) {
    auto* transfer = static_cast<Transfer*>(self);
    transfer->status_ = transfer->TakeData({data, count});
    return transfer->status_.ok() ? count : CURL_WRITEFUNC_ERROR;
  }

  long Code() const {
    long code = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &code);
    return code;
  }

  // Checks the answer's head and readies the part for its body; also where no body follows.
  absl::Status Begin() {
    if (begun_) return absl::OkStatus();
    begun_ = true;
    const std::optional<int64_t> length = ParseNumber(headers_["content-length"]);
    if (Code() == 206) {
      // "bytes 100-199/200"
      std::string_view range = headers_["content-range"];
      if (!range.starts_with("bytes ") || ParseNumber(range.substr(6)) != part_->size()) {
        return absl::UnavailableError(absl::StrFormat(
            "%s answers with another part than the one asked for; try again", request_.url));
      }
    } else {
      SF_RETURN_IF_ERROR(part_->Clear());
      // A weak ETag says nothing about bytes.
      std::string validator = headers_["etag"];
      if (validator.empty() || validator.starts_with("W/")) validator = headers_["last-modified"];
      SF_RETURN_IF_ERROR(
          WriteFileAtomically(OriginPath(request_.part), request_.url + "\n" + validator + "\n"));
    }
    if (length) total_ = part_->size() + *length;
    if (request_.bytes > 0 && total_ > 0 && total_ != request_.bytes) return WrongLength(total_);
    return absl::OkStatus();
  }

 private:
  void TakeHeader(std::string_view line) {
    // Each answer begins anew: those of redirects come before the last one's.
    if (line.starts_with("HTTP/")) headers_.clear();
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string value(line.substr(colon + 1));
    absl::StripAsciiWhitespace(&value);
    headers_[absl::AsciiStrToLower(std::string(line.substr(0, colon)))] = value;
  }

  absl::Status TakeData(std::string_view data) {
    const long code = Code();
    if (code != 200 && code != 206) return absl::OkStatus();  // an error's page
    SF_RETURN_IF_ERROR(Begin());
    SF_RETURN_IF_ERROR(part_->Append(data));
    if (request_.bytes > 0 && part_->size() > request_.bytes) return WrongLength(part_->size());
    if (request_.progress) request_.progress(part_->size(), std::max(total_, request_.bytes));
    return absl::OkStatus();
  }

  absl::Status WrongLength(int64_t length) const {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s has %d bytes, and the published file has %d", request_.url, length, request_.bytes));
  }

  const DownloadRequest& request_;
  CURL* const curl_;
  PartFile* const part_;
  std::map<std::string, std::string> headers_;
  bool begun_ = false;
  int64_t total_ = 0;  // 0: unknown
  absl::Status status_ = absl::OkStatus();
};

absl::Status StatusOfCode(const std::string& url, long code) {
  const std::string answer = absl::StrFormat("%s answers %d", url, code);
  if (code == 404 || code == 410) return absl::NotFoundError(answer + ": it isn't there");
  if (code == 401 || code == 403) {
    return absl::PermissionDeniedError(answer + ": it wants to know who asks, or refuses");
  }
  return absl::UnavailableError(answer + "; try again later");
}

absl::Status StatusOfCurl(const std::string& url, CURLcode result, const char* detail) {
  const std::string why = *detail != '\0' ? detail : curl_easy_strerror(result);
  if (result == CURLE_URL_MALFORMAT || result == CURLE_UNSUPPORTED_PROTOCOL) {
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s' is no http or https address (%s)", url, why));
  }
  return absl::UnavailableError(
      absl::StrFormat("the download of %s broke off (%s); run it again to go on", url, why));
}

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// One request. `validator`: of what the part is of; the part is asked for from its end on. Sets
// `code` to the server's answer.
absl::Status Ask(const DownloadRequest& request, const std::string& validator, PartFile* part,
                 long* code) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, CurlDeleter> curl(initialised == CURLE_OK ? curl_easy_init()
                                                                        : nullptr);
  if (curl == nullptr) return absl::InternalError("libcurl can't be started");
  char detail[CURL_ERROR_SIZE] = "";
  Transfer transfer(request, curl.get(), part);
  const bool https = request.url.starts_with("https:");
  curl_easy_setopt(curl.get(), CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_REDIR_PROTOCOLS_STR, https ? "https" : "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_MAXREDIRS, kMaxRedirects);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_TIME, kStillSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "stereofarm");
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, Transfer::OnHeader);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Transfer::OnData);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &transfer);
  std::unique_ptr<curl_slist, CurlDeleter> headers;
  if (part->size() > 0) {
    headers.reset(curl_slist_append(nullptr, ("If-Range: " + validator).c_str()));
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl.get(), CURLOPT_RANGE, absl::StrFormat("%d-", part->size()).c_str());
  }
  const CURLcode result = curl_easy_perform(curl.get());
  *code = transfer.Code();
  SF_RETURN_IF_ERROR(transfer.status());
  if (result != CURLE_OK) return StatusOfCurl(request.url, result, detail);
  if (*code != 200 && *code != 206) return StatusOfCode(request.url, *code);
  return transfer.Begin();
}

}  // namespace

absl::Status Download(const DownloadRequest& request) {
  SF_ASSIGN_OR_RETURN(const std::unique_ptr<PartFile> part, PartFile::Open(request.part));
  const std::optional<Origin> origin = ReadOrigin(request.part);
  // Without a validator nobody knows whether the rest would fit what is there.
  if (!origin || origin->url != request.url || origin->validator.empty() ||
      (request.bytes > 0 && part->size() > request.bytes)) {
    SF_RETURN_IF_ERROR(part->Clear());
  }
  if (request.bytes == 0 || part->size() < request.bytes) {
    long code = 0;
    absl::Status status = Ask(request, origin ? origin->validator : "", part.get(), &code);
    if (code == 416) {  // nothing lies behind what is there
      SF_RETURN_IF_ERROR(part->Clear());
      status = Ask(request, "", part.get(), &code);
    }
    SF_RETURN_IF_ERROR(status);
  }
  if (request.bytes > 0 && part->size() < request.bytes) {
    return absl::UnavailableError(
        absl::StrFormat("the download of %s ended early; run it again to go on", request.url));
  }
  return SyncPath(request.part);
}

void DropDownload(const fs::path& part) {
  unlink(part.c_str());
  unlink(OriginPath(part).c_str());
}

}  // namespace stereofarm
