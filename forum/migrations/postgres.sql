-- Written by `make schema`: what the migrations make of an empty database.
CREATE TABLE IF NOT EXISTS "tortoise_migrations" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "app" VARCHAR(255) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "applied_at" TIMESTAMPTZ NOT NULL,
    CONSTRAINT "uid_tortoise_mi_app_3803a5" UNIQUE ("app", "name")
);

-- 0001_initial
CREATE TABLE "job" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "name" VARCHAR(60) NOT NULL,
    "key" VARCHAR(120) NOT NULL UNIQUE,
    "subject" INT NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "tries" SMALLINT NOT NULL,
    "fence" INT NOT NULL,
    "lease_until" TIMESTAMPTZ,
    "run_after" TIMESTAMPTZ NOT NULL,
    "done_steps" INT NOT NULL,
    "total_steps" INT NOT NULL,
    "step" VARCHAR(120) NOT NULL,
    "error" TEXT NOT NULL,
    "trace_id" VARCHAR(32) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "finished_at" TIMESTAMPTZ
);
CREATE INDEX "idx_job_state_77f629" ON "job" ("state", "run_after");
COMMENT ON COLUMN "job"."key" IS 'the same work is asked once';
COMMENT ON COLUMN "job"."subject" IS 'id of the row that the job is about';
COMMENT ON COLUMN "job"."state" IS 'QUEUED: queued\nRUNNING: running\nDONE: done\nFAILED: failed';
COMMENT ON COLUMN "job"."step" IS 'what is under way, a format';
COMMENT ON COLUMN "job"."trace_id" IS 'leads from the page''s message to the log line';
COMMENT ON TABLE "job" IS 'One job. `fence` grows at each taking: a worker that lost its lease cannot write its result.';
CREATE TABLE "member" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "name" VARCHAR(60) NOT NULL,
    "handle" VARCHAR(60) NOT NULL,
    "handle_key" VARCHAR(120) NOT NULL UNIQUE,
    "email" VARCHAR(254),
    "email_key" VARCHAR(254)  UNIQUE,
    "password_hash" VARCHAR(255),
    "role" VARCHAR(16) NOT NULL,
    "organisation" VARCHAR(120) NOT NULL,
    "locale" VARCHAR(2) NOT NULL,
    "confirmed_at" TIMESTAMPTZ,
    "suspended_until" TIMESTAMPTZ,
    "example" BOOL NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL
);
COMMENT ON COLUMN "member"."handle" IS 'what follows the @ of a mention';
COMMENT ON COLUMN "member"."handle_key" IS 'the handle folded: NFC, NFD, case and look-alikes are one';
COMMENT ON COLUMN "member"."email_key" IS 'the address in lower case';
COMMENT ON COLUMN "member"."role" IS 'MEMBER: member\nAGENT: agent\nADMINISTRATOR: administrator';
COMMENT ON COLUMN "member"."example" IS 'invented for the example consultation';
COMMENT ON TABLE "member" IS 'A person. One without a password cannot sign in: somebody whom an imported text names, or an example voter.';
CREATE TABLE "session" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "token_hash" VARCHAR(64) NOT NULL UNIQUE,
    "created_at" TIMESTAMPTZ NOT NULL,
    "seen_at" TIMESTAMPTZ NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_session_member__97fec6" ON "session" ("member_id");
COMMENT ON COLUMN "session"."expires_at" IS 'absolute limit, whatever the activity';
COMMENT ON TABLE "session" IS 'One sign-in on one device. The cookie''s value is stored hashed: reading this table lets nobody in.';
CREATE TABLE "working_group" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "slug" VARCHAR(60) NOT NULL UNIQUE,
    "name" VARCHAR(120) NOT NULL
);
COMMENT ON TABLE "working_group" IS 'A groupe de travail. A theme belongs to one group, so that `[GT réunion 1]` in it can mean one meeting only.';
CREATE TABLE "journal_entry" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "at" TIMESTAMPTZ NOT NULL,
    "act" VARCHAR(60) NOT NULL,
    "thing" VARCHAR(40) NOT NULL,
    "thing_id" INT NOT NULL,
    "before" TEXT NOT NULL,
    "after" TEXT NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "actor_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "working_group_id" INT REFERENCES "working_group" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_journal_ent_at_a60984" ON "journal_entry" ("at");
CREATE INDEX "idx_journal_ent_actor_i_4695c5" ON "journal_entry" ("actor_id");
CREATE INDEX "idx_journal_ent_working_07e079" ON "journal_entry" ("working_group_id");
COMMENT ON COLUMN "journal_entry"."thing" IS 'kind of thing: ''post'', ''theme''…';
COMMENT ON TABLE "journal_entry" IS 'One act of moderation, of an agent or of an administrator.';
CREATE TABLE "meeting" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "number" SMALLINT NOT NULL,
    "held_on" DATE,
    "place" VARCHAR(200) NOT NULL,
    "minutes" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "working_group_id" INT NOT NULL REFERENCES "working_group" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_meeting_working_c97a86" UNIQUE ("working_group_id", "number")
);
COMMENT ON COLUMN "meeting"."minutes" IS 'plain text, as pasted';
COMMENT ON TABLE "meeting" IS 'A meeting of a group, numbered from 1 to 999 within it.';
CREATE TABLE "moderator" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE CASCADE,
    "working_group_id" INT NOT NULL REFERENCES "working_group" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_moderator_member__2fe904" UNIQUE ("member_id", "working_group_id")
);
CREATE INDEX "idx_moderator_working_a0d293" ON "moderator" ("working_group_id");
COMMENT ON TABLE "moderator" IS 'A member who moderates a working group, hence its themes.';
CREATE TABLE "theme" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "number" SMALLINT NOT NULL UNIQUE,
    "title" VARCHAR(200) NOT NULL,
    "introduction" TEXT NOT NULL,
    "introduction_html" TEXT NOT NULL,
    "contributions_open_at" TIMESTAMPTZ,
    "contributions_close_at" TIMESTAMPTZ,
    "votes_open_at" TIMESTAMPTZ,
    "votes_close_at" TIMESTAMPTZ,
    "sealed" BOOL NOT NULL,
    "quorum" INT NOT NULL,
    "last_proposal_number" INT NOT NULL,
    "version" INT NOT NULL,
    "working_group_id" INT NOT NULL REFERENCES "working_group" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_theme_working_4b5cc4" ON "theme" ("working_group_id");
COMMENT ON COLUMN "theme"."introduction" IS 'Markdown, as in the file';
COMMENT ON COLUMN "theme"."sealed" IS 'no tally is shown before the close';
COMMENT ON COLUMN "theme"."quorum" IS 'votants under which a proposal is not ranked';
COMMENT ON COLUMN "theme"."last_proposal_number" IS 'references are never reused';
COMMENT ON COLUMN "theme"."version" IS 'raised by every write that a page of the theme shows';
COMMENT ON TABLE "theme" IS 'A theme. Its file in `themes/` owns title, introduction and questions, this row owns the schedule.';
CREATE TABLE "guiding_question" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "position" SMALLINT NOT NULL,
    "text" VARCHAR(500) NOT NULL,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_guiding_que_theme_i_26f80b" UNIQUE ("theme_id", "position")
);
COMMENT ON TABLE "guiding_question" IS 'A question directrice, at its place in its theme.';
CREATE TABLE "synthesis" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "version" INT NOT NULL,
    "scope" VARCHAR(16) NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "draft" BOOL NOT NULL,
    "snapshot" TEXT NOT NULL,
    "snapshot_sha256" VARCHAR(64) NOT NULL,
    "requested_at" TIMESTAMPTZ NOT NULL,
    "published_at" TIMESTAMPTZ,
    "requester_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "theme_id" INT REFERENCES "theme" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_synthesis_scope_adc442" UNIQUE ("scope", "version")
);
CREATE INDEX "idx_synthesis_request_29aa09" ON "synthesis" ("requester_id");
CREATE INDEX "idx_synthesis_theme_i_98b3a3" ON "synthesis" ("theme_id");
COMMENT ON COLUMN "synthesis"."version" IS '1, 2, 3… within its scope';
COMMENT ON COLUMN "synthesis"."scope" IS '''theme:3'' or ''all'': with version, unique, even where theme is null';
COMMENT ON COLUMN "synthesis"."state" IS 'REQUESTED: requested\nCOMPILING: compiling\nREADY: ready\nFAILED: failed\nPUBLISHED: published';
COMMENT ON TABLE "synthesis" IS 'A synthesis of one theme, or of the whole consultation when it has none.';
CREATE TABLE "document" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "format" VARCHAR(8) NOT NULL,
    "media_type" VARCHAR(100) NOT NULL,
    "content" BYTEA,
    "sha256" VARCHAR(64) NOT NULL,
    "size" INT NOT NULL,
    "error" VARCHAR(500) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "synthesis_id" INT NOT NULL REFERENCES "synthesis" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_document_synthes_141d50" UNIQUE ("synthesis_id", "format")
);
COMMENT ON TABLE "document" IS 'One format of a synthesis: its bytes and their SHA-256, or the sentence that says why it could not be made.';
CREATE TABLE "thread" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "title" VARCHAR(200) NOT NULL,
    "posts_count" INT NOT NULL,
    "version" INT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "last_post_at" TIMESTAMPTZ NOT NULL,
    "import_key" VARCHAR(64)  UNIQUE,
    "author_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_thread_author__c130ae" ON "thread" ("author_id");
CREATE INDEX "idx_thread_theme_i_995a6b" ON "thread" ("theme_id");
COMMENT ON COLUMN "thread"."import_key" IS 'SHA-256 naming what it was imported from';
COMMENT ON TABLE "thread" IS 'A fil. `version` is raised by every write that its page shows, inside that write''s transaction.';
CREATE TABLE "post" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "number" INT NOT NULL,
    "kind" VARCHAR(16) NOT NULL,
    "source" TEXT NOT NULL,
    "html" TEXT NOT NULL,
    "plain" TEXT NOT NULL,
    "renderer" SMALLINT NOT NULL,
    "revision" INT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "written_at" TIMESTAMPTZ,
    "edited_at" TIMESTAMPTZ,
    "author_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "reply_to_id" INT REFERENCES "post" ("id") ON DELETE RESTRICT,
    "thread_id" INT NOT NULL REFERENCES "thread" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_post_thread__2169da" UNIQUE ("thread_id", "number")
);
CREATE INDEX "idx_post_author__0da5e6" ON "post" ("author_id");
CREATE INDEX "idx_post_reply_t_1cac9a" ON "post" ("reply_to_id");
COMMENT ON COLUMN "post"."kind" IS 'INSTRUCTION: instruction\nCONTRIBUTION: contribution';
COMMENT ON COLUMN "post"."source" IS 'Markdown, exactly as written';
COMMENT ON COLUMN "post"."html" IS 'safe, with empty quote elements filled when a page is joined';
COMMENT ON COLUMN "post"."plain" IS 'the words as read, ranges of quotes and extracts count its code points';
COMMENT ON COLUMN "post"."renderer" IS 'version of the pipeline that made html and plain';
COMMENT ON TABLE "post" IS 'A contribution as it stands now, `number` is its place in its thread, from 1, never reused.';
CREATE TABLE "extract" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "revision" INT NOT NULL,
    "start" INT NOT NULL,
    "stop" INT NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_extract_member__2eea2d" ON "extract" ("member_id");
CREATE INDEX "idx_extract_post_id_a8bce1" ON "extract" ("post_id");
COMMENT ON TABLE "extract" IS 'A range of one revision of a post, chosen by a person: the link between words and what is made of them.';
CREATE TABLE "meeting_tag" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "state" VARCHAR(16) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "meeting_id" INT NOT NULL REFERENCES "meeting" ("id") ON DELETE RESTRICT,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_meeting_tag_post_id_d9affe" UNIQUE ("post_id", "meeting_id")
);
CREATE INDEX "idx_meeting_tag_meeting_7d0b3a" ON "meeting_tag" ("meeting_id");
CREATE INDEX "idx_meeting_tag_member__357f3a" ON "meeting_tag" ("member_id");
COMMENT ON COLUMN "meeting_tag"."state" IS 'WAITING: waiting\nCONFIRMED: confirmed\nREMOVED: removed';
COMMENT ON TABLE "meeting_tag" IS 'A post said to come from a meeting. A removed one is remembered: the same words do not bring it back.';
CREATE TABLE "mention" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "handle" VARCHAR(60) NOT NULL,
    "handle_key" VARCHAR(120) NOT NULL,
    "is_leading" BOOL NOT NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_mention_post_id_581edf" UNIQUE ("post_id", "handle_key")
);
CREATE INDEX "idx_mention_member__b08a78" ON "mention" ("member_id");
COMMENT ON TABLE "mention" IS 'Somebody called by @handle in a post, no member when nobody here bears that handle.';
CREATE TABLE "notification" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "event" VARCHAR(16) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "read_at" TIMESTAMPTZ,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_notificatio_member__f61bf3" UNIQUE ("member_id", "post_id")
);
CREATE INDEX "idx_notificatio_post_id_8df1a6" ON "notification" ("post_id");
COMMENT ON COLUMN "notification"."event" IS 'QUOTE: quote\nREPLY: reply\nMENTION: mention';
COMMENT ON TABLE "notification" IS 'One event for one person, once.';
CREATE TABLE "post_revision" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "number" INT NOT NULL,
    "source" TEXT NOT NULL,
    "html" TEXT NOT NULL,
    "plain" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "editor_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_post_revisi_post_id_b3ea55" UNIQUE ("post_id", "number")
);
CREATE INDEX "idx_post_revisi_editor__8f7270" ON "post_revision" ("editor_id");
COMMENT ON TABLE "post_revision" IS 'The words at one revision, kept for ever: quotes, extracts and documents lead to them.';
CREATE TABLE "proposal" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "number" INT NOT NULL,
    "wording" VARCHAR(300) NOT NULL,
    "body" TEXT NOT NULL,
    "body_html" TEXT NOT NULL,
    "body_plain" TEXT NOT NULL,
    "version" INT NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "origin" VARCHAR(16) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "author_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "extract_id" INT REFERENCES "extract" ("id") ON DELETE RESTRICT,
    "meeting_id" INT REFERENCES "meeting" ("id") ON DELETE RESTRICT,
    "promoter_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_proposal_theme_i_69dce6" UNIQUE ("theme_id", "number")
);
CREATE INDEX "idx_proposal_author__c84065" ON "proposal" ("author_id");
CREATE INDEX "idx_proposal_extract_3bc91b" ON "proposal" ("extract_id");
CREATE INDEX "idx_proposal_meeting_e53886" ON "proposal" ("meeting_id");
CREATE INDEX "idx_proposal_promote_f5a63a" ON "proposal" ("promoter_id");
COMMENT ON COLUMN "proposal"."body" IS 'Markdown';
COMMENT ON COLUMN "proposal"."state" IS 'OPEN: open\nWITHDRAWN: withdrawn';
COMMENT ON COLUMN "proposal"."origin" IS 'MEMBER: member\nPOST: post\nEXTRACT: extract\nMEETING: meeting';
COMMENT ON TABLE "proposal" IS 'A short wording (and, if need be, a body) of a theme, with the reference `T3-007`.';
CREATE TABLE "ballot" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "opinion" VARCHAR(16) NOT NULL,
    "proposal_version" INT NOT NULL,
    "cast_at" TIMESTAMPTZ NOT NULL,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    "voter_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_ballot_proposa_d29f0a" UNIQUE ("proposal_id", "voter_id")
);
CREATE INDEX "idx_ballot_voter_i_e24eaa" ON "ballot" ("voter_id");
COMMENT ON COLUMN "ballot"."opinion" IS 'FOR: pour\nABSTAIN: abstention\nAGAINST: contre';
COMMENT ON TABLE "ballot" IS 'What one person thinks of one proposal now, and which version of it they judged.';
CREATE TABLE "ballot_change" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "opinion" VARCHAR(16),
    "proposal_version" INT NOT NULL,
    "changed_at" TIMESTAMPTZ NOT NULL,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    "voter_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_ballot_chan_proposa_6b20ec" ON "ballot_change" ("proposal_id");
CREATE INDEX "idx_ballot_chan_voter_i_02e366" ON "ballot_change" ("voter_id");
COMMENT ON COLUMN "ballot_change"."opinion" IS 'FOR: pour\nABSTAIN: abstention\nAGAINST: contre';
COMMENT ON TABLE "ballot_change" IS 'Every change of a ballot, so that tallies can be replayed, `opinion` is null for a withdrawal.';
CREATE TABLE "proposal_question" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    "question_id" INT NOT NULL REFERENCES "guiding_question" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_proposal_qu_proposa_7bde1e" UNIQUE ("proposal_id", "question_id")
);
CREATE INDEX "idx_proposal_qu_questio_59acef" ON "proposal_question" ("question_id");
COMMENT ON TABLE "proposal_question" IS 'A guiding question that a proposal answers.';
CREATE TABLE "proposal_version" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "number" INT NOT NULL,
    "wording" VARCHAR(300) NOT NULL,
    "body" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "editor_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_proposal_ve_proposa_0e5e08" UNIQUE ("proposal_id", "number")
);
CREATE INDEX "idx_proposal_ve_editor__f87cc9" ON "proposal_version" ("editor_id");
COMMENT ON TABLE "proposal_version" IS 'A wording that was voted on, kept for ever.';
CREATE TABLE "quote" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "position" SMALLINT NOT NULL,
    "revision" INT NOT NULL,
    "start" INT NOT NULL,
    "stop" INT NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT,
    "quoted_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_quote_post_id_733cac" UNIQUE ("post_id", "position")
);
CREATE INDEX "idx_quote_quoted__f4f3eb" ON "quote" ("quoted_id");
COMMENT ON COLUMN "quote"."position" IS 'which quote element of the post''s html it fills, from 0';
COMMENT ON TABLE "quote" IS 'Words of another post repeated inside a post: a range of one revision, with the hash of those words.';

-- 0002_unread
CREATE INDEX notification_unread ON notification (member_id) WHERE read_at IS NULL;

-- 0003_people
CREATE TABLE "address_change" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "email" VARCHAR(254) NOT NULL,
    "old_confirmed_at" TIMESTAMPTZ,
    "new_confirmed_at" TIMESTAMPTZ,
    "created_at" TIMESTAMPTZ NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "member_id" INT NOT NULL UNIQUE REFERENCES "member" ("id") ON DELETE CASCADE
);
COMMENT ON TABLE "address_change" IS 'A new address that a member asked for, it is theirs once both boxes, old and new, have said so.';
CREATE TABLE "archive" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "content" BYTEA,
    "sha256" VARCHAR(64) NOT NULL,
    "asked_at" TIMESTAMPTZ NOT NULL,
    "made_at" TIMESTAMPTZ,
    "expires_at" TIMESTAMPTZ,
    "member_id" INT NOT NULL UNIQUE REFERENCES "member" ("id") ON DELETE CASCADE
);
COMMENT ON TABLE "archive" IS 'Everything about one person in one file, made by a job, theirs alone, gone at `expires_at`.';
CREATE TABLE "identification" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "member_id" INT NOT NULL UNIQUE,
    "sealed" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "purge_at" TIMESTAMPTZ NOT NULL
);
CREATE INDEX "idx_identificat_purge_a_46af76" ON "identification" ("purge_at");
COMMENT ON COLUMN "identification"."sealed" IS 'name, handle, address, dates: JSON, sealed';
COMMENT ON TABLE "identification" IS 'Who an erased account belonged to, sealed, for as long as a host must be able to tell a court, then purged.';
CREATE TABLE "identity" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "issuer" VARCHAR(255) NOT NULL,
    "subject" VARCHAR(255) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_identity_issuer_187ef1" UNIQUE ("issuer", "subject")
);
CREATE INDEX "idx_identity_member__2803c9" ON "identity" ("member_id");
COMMENT ON TABLE "identity" IS 'A person at an OpenID Connect provider: (issuer, subject) and nothing else names them for ever.';
CREATE TABLE "invitation" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "email" VARCHAR(254),
    "email_key" VARCHAR(254)  UNIQUE,
    "name" VARCHAR(60) NOT NULL,
    "organisation" VARCHAR(120) NOT NULL,
    "profession" VARCHAR(80) NOT NULL,
    "territory" VARCHAR(80) NOT NULL,
    "locale" VARCHAR(2) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "accepted_at" TIMESTAMPTZ,
    "inviter_id" INT REFERENCES "member" ("id") ON DELETE SET NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE SET NULL
);
CREATE INDEX "idx_invitation_inviter_ad1566" ON "invitation" ("inviter_id");
CREATE INDEX "idx_invitation_member__52e979" ON "invitation" ("member_id");
COMMENT ON TABLE "invitation" IS 'An address that may join with what an administrator said of it. One per address: asked twice, sent once.';
CREATE TABLE "invitation_batch" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "lines" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "sent_at" TIMESTAMPTZ,
    "sent" INT NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_invitation__created_db9dc2" ON "invitation_batch" ("created_at");
CREATE INDEX "idx_invitation__member__f9d418" ON "invitation_batch" ("member_id");
COMMENT ON COLUMN "invitation_batch"."lines" IS 'what each line asks and what is wrong with it, JSON, sealed';
COMMENT ON COLUMN "invitation_batch"."sent" IS 'how many invitations left';
COMMENT ON TABLE "invitation_batch" IS 'A file of addresses that an administrator had read, kept to be looked at and sent, for a week at most.';
CREATE TABLE "journal_head" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "entries" INT NOT NULL,
    "chain" VARCHAR(64) NOT NULL DEFAULT ''
);
COMMENT ON TABLE "journal_head" IS 'Where the chain ends: one row, locked by whoever adds an entry, so that entries follow one another.';
CREATE TABLE "link" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "token_hash" VARCHAR(64) NOT NULL UNIQUE,
    "purpose" VARCHAR(16) NOT NULL,
    "subject" INT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL
);
CREATE INDEX "idx_link_expires_0acf24" ON "link" ("expires_at");
COMMENT ON COLUMN "link"."purpose" IS 'SIGN_UP: sign_up\nINVITATION: invitation\nRESET: reset\nCONFIRM: confirm\nOLD_ADDRESS: old_address\nNEW_ADDRESS: new_address';
COMMENT ON COLUMN "link"."subject" IS 'id of the sign-up, invitation, address change or member';
COMMENT ON TABLE "link" IS 'A link sent by mail: good once, for one purpose, until its end. Stored hashed, the row goes with its use.';
CREATE TABLE "mail" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "address" VARCHAR(254) NOT NULL,
    "template" VARCHAR(40) NOT NULL,
    "locale" VARCHAR(2) NOT NULL,
    "content" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL
);
COMMENT ON COLUMN "mail"."content" IS 'what the template is filled with, JSON, sealed';
COMMENT ON TABLE "mail" IS 'A mail that is still to leave. What it says is sealed, since it holds a link, the row goes when it is sent.';
CREATE TABLE "provider_visit" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "state_hash" VARCHAR(64) NOT NULL UNIQUE,
    "browser_hash" VARCHAR(64) NOT NULL,
    "sealed" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_provider_vi_member__34f8ca" ON "provider_visit" ("member_id");
COMMENT ON COLUMN "provider_visit"."browser_hash" IS 'of the cookie of the browser that left';
COMMENT ON COLUMN "provider_visit"."sealed" IS 'nonce, code verifier, way back, then claims: sealed';
COMMENT ON TABLE "provider_visit" IS 'Somebody who left for a provider and is awaited: what must come back with them, once, soon.';
CREATE TABLE "recovery_code" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "code_hash" VARCHAR(64) NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_recovery_co_member__b70c06" ON "recovery_code" ("member_id");
COMMENT ON TABLE "recovery_code" IS 'A code on paper that replaces the application once, the row goes when the code is used.';
CREATE TABLE "second_factor" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "secret" TEXT NOT NULL,
    "last_step" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "member_id" INT NOT NULL UNIQUE REFERENCES "member" ("id") ON DELETE CASCADE
);
COMMENT ON COLUMN "second_factor"."secret" IS 'sealed';
COMMENT ON COLUMN "second_factor"."last_step" IS 'the time step of the last code: none is taken twice';
COMMENT ON TABLE "second_factor" IS 'The secret that a person''s application shares with us (RFC 6238), the row is made once a code confirmed it.';
CREATE TABLE "sign_up" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "name" VARCHAR(60) NOT NULL,
    "email" VARCHAR(254) NOT NULL,
    "password_hash" VARCHAR(255) NOT NULL,
    "organisation" VARCHAR(120) NOT NULL,
    "profession" VARCHAR(80) NOT NULL,
    "territory" VARCHAR(80) NOT NULL,
    "charter_version" VARCHAR(64) NOT NULL,
    "locale" VARCHAR(2) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL
);
CREATE INDEX "idx_sign_up_expires_e0a8fd" ON "sign_up" ("expires_at");
COMMENT ON TABLE "sign_up" IS 'Somebody who asked for an account and has not shown yet that the address is theirs: no member so far.';
ALTER TABLE "synthesis" ADD COLUMN "redacted_at" TIMESTAMPTZ;
ALTER TABLE "journal_entry" ADD COLUMN "chain" VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE "journal_entry" ADD COLUMN "redacted_at" TIMESTAMPTZ;
ALTER TABLE "journal_entry" ADD COLUMN "salt" VARCHAR(32) NOT NULL DEFAULT '';
ALTER TABLE "journal_entry" ADD COLUMN "words_digest" VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE "member" ADD COLUMN "active_at" TIMESTAMPTZ;
ALTER TABLE "member" ADD COLUMN "charter_accepted_at" TIMESTAMPTZ;
ALTER TABLE "member" ADD COLUMN "charter_version" VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE "member" ADD COLUMN "erased_at" TIMESTAMPTZ;
ALTER TABLE "member" ADD COLUMN "profession" VARCHAR(80) NOT NULL DEFAULT '';
ALTER TABLE "member" ADD COLUMN "suspended_reason" VARCHAR(500) NOT NULL DEFAULT '';
ALTER TABLE "member" ADD COLUMN "territory" VARCHAR(80) NOT NULL DEFAULT '';
ALTER TABLE "member" ADD COLUMN "warned_at" TIMESTAMPTZ;
ALTER TABLE "member" ADD COLUMN "warnings" SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE "session" ADD COLUMN "awaits_code" BOOL NOT NULL DEFAULT FALSE;
ALTER TABLE "session" ADD COLUMN "device" VARCHAR(80) NOT NULL DEFAULT '';
ALTER TABLE "session" ADD COLUMN "id_token" TEXT NOT NULL DEFAULT '';
ALTER TABLE "session" ADD COLUMN "issuer" VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE "session" ADD COLUMN "proved_at" TIMESTAMPTZ;

-- 0004_journal_chain
CREATE FUNCTION journal_refuses() RETURNS trigger LANGUAGE plpgsql
          AS $$ BEGIN RAISE EXCEPTION 'the journal is only added to'; END $$;
CREATE TRIGGER journal_entry_kept BEFORE UPDATE ON journal_entry FOR EACH ROW
          WHEN ((NEW.id, NEW.at, NEW.actor_id, NEW.act, NEW.thing, NEW.thing_id, NEW.working_group_id, NEW.words_digest, NEW.chain) IS DISTINCT FROM (OLD.id, OLD.at, OLD.actor_id, OLD.act, OLD.thing, OLD.thing_id, OLD.working_group_id, OLD.words_digest, OLD.chain) OR NEW.redacted_at IS NULL)
          EXECUTE FUNCTION journal_refuses();
CREATE TRIGGER journal_entry_stays BEFORE DELETE ON journal_entry FOR EACH ROW
          EXECUTE FUNCTION journal_refuses();
CREATE TRIGGER journal_entry_whole BEFORE TRUNCATE ON journal_entry FOR EACH STATEMENT
          EXECUTE FUNCTION journal_refuses();
CREATE TRIGGER journal_head_advances BEFORE UPDATE ON journal_head FOR EACH ROW
          WHEN (NEW.entries <= OLD.entries) EXECUTE FUNCTION journal_refuses();
CREATE TRIGGER journal_head_stays BEFORE DELETE ON journal_head FOR EACH ROW
          EXECUTE FUNCTION journal_refuses();
CREATE TRIGGER journal_head_whole BEFORE TRUNCATE ON journal_head FOR EACH STATEMENT
          EXECUTE FUNCTION journal_refuses();

-- 0005_proposals
CREATE TABLE "answer" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "number" SMALLINT NOT NULL,
    "decision" VARCHAR(16) NOT NULL,
    "reason" TEXT NOT NULL,
    "service" VARCHAR(200) NOT NULL,
    "decided_on" DATE NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "agent_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_answer_proposa_1aaac4" UNIQUE ("proposal_id", "number")
);
CREATE INDEX "idx_answer_agent_i_9354f4" ON "answer" ("agent_id");
COMMENT ON COLUMN "answer"."number" IS '1, 2, 3… of its proposal';
COMMENT ON COLUMN "answer"."decision" IS 'RETAINED: retenue\nPARTLY: partiellement\nREJECTED: non retenue\nUNDER_STUDY: etude';
COMMENT ON COLUMN "answer"."reason" IS 'plain text';
COMMENT ON COLUMN "answer"."service" IS 'who answers for the administration';
COMMENT ON TABLE "answer" IS 'One official answer. A later one takes its place on the page, the earlier ones stay readable.';
CREATE TABLE "distinction" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "one_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    "other_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_distinction_one_id_83ba38" UNIQUE ("one_id", "other_id")
);
CREATE INDEX "idx_distinction_member__4f61b0" ON "distinction" ("member_id");
CREATE INDEX "idx_distinction_other_i_8258ab" ON "distinction" ("other_id");
COMMENT ON TABLE "distinction" IS 'Two proposals that a moderator found to be different, however alike: they are not suggested again.';
CREATE TABLE "proposal_merge" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "reason" VARCHAR(500) NOT NULL,
    "merged_at" TIMESTAMPTZ NOT NULL,
    "undone_at" TIMESTAMPTZ,
    "destination_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "source_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_proposal_me_destina_7996e0" ON "proposal_merge" ("destination_id");
CREATE INDEX "idx_proposal_me_member__887c45" ON "proposal_merge" ("member_id");
CREATE INDEX "idx_proposal_me_source__5899ad" ON "proposal_merge" ("source_id");
COMMENT ON TABLE "proposal_merge" IS 'A proposal that joined another one, until somebody undid it: `Proposal.merged_into` leads to the last one.';
CREATE TABLE "obligation" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "words" VARCHAR(500) NOT NULL,
    "due_on" DATE NOT NULL,
    "done_on" DATE,
    "done_words" VARCHAR(500) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "agent_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_obligation_agent_i_0039ce" ON "obligation" ("agent_id");
CREATE INDEX "idx_obligation_proposa_7c0c06" ON "obligation" ("proposal_id");
COMMENT ON COLUMN "obligation"."done_words" IS 'what was done';
COMMENT ON TABLE "obligation" IS 'Something that the administration said it will do, by a day. It is late until it is done.';
CREATE TABLE "proposal_turn" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "turn" VARCHAR(16) NOT NULL,
    "version" INT,
    "reason" VARCHAR(500) NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "other_id" INT REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_proposal_tu_member__360f01" ON "proposal_turn" ("member_id");
CREATE INDEX "idx_proposal_tu_other_i_3e0069" ON "proposal_turn" ("other_id");
CREATE INDEX "idx_proposal_tu_proposa_fe03b7" ON "proposal_turn" ("proposal_id");
COMMENT ON COLUMN "proposal_turn"."turn" IS 'PROPOSED: proposed\nAMENDED: amended\nCERTIFIED: certified\nUNCERTIFIED: uncertified\nWITHDRAWN: withdrawn\nSET_ASIDE: set aside\nTAKEN_BACK: taken back\nMERGED: merged\nRECEIVED: received\nUNMERGED: unmerged\nGAVE_BACK: gave back\nANSWERED: answered\nDONE: done\nNOT_DONE: not done\nCARRIED_OUT: carried out';
COMMENT ON TABLE "proposal_turn" IS 'One turn in the life of a proposal: who, when, why, and with which other proposal or at which version.';
CREATE TABLE "treatment" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "outcome" VARCHAR(16) NOT NULL,
    "revision" INT NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "treated_at" TIMESTAMPTZ NOT NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "post_id" INT NOT NULL UNIQUE REFERENCES "post" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_treatment_member__ae3577" ON "treatment" ("member_id");
COMMENT ON COLUMN "treatment"."outcome" IS 'TREATED: treated\nNO_FOLLOW_UP: no follow-up';
COMMENT ON TABLE "treatment" IS 'A moderator has read a post, at that revision: what was worth keeping is kept, or there is a reason why not.';
ALTER TABLE "ballot" ADD COLUMN "carried_from_id" INT REFERENCES "proposal" ("id") ON DELETE RESTRICT;
ALTER TABLE "ballot" ADD COLUMN "profession" VARCHAR(80) NOT NULL DEFAULT '';
ALTER TABLE "ballot" ADD COLUMN "territory" VARCHAR(80) NOT NULL DEFAULT '';
ALTER TABLE "ballot_change" ADD COLUMN "by_merge" BOOL NOT NULL DEFAULT FALSE;
ALTER TABLE "extract" ADD COLUMN "compared_revision" INT NOT NULL DEFAULT 0;
ALTER TABLE "extract" ADD COLUMN "nature" VARCHAR(16) NOT NULL DEFAULT 'solution';
ALTER TABLE "extract" ADD COLUMN "proposal_id" INT REFERENCES "proposal" ("id") ON DELETE RESTRICT;
ALTER TABLE "meeting" ADD COLUMN "attendance" TEXT NOT NULL DEFAULT '';
ALTER TABLE notification ALTER COLUMN post_id DROP NOT NULL;
ALTER TABLE notification ADD COLUMN key VARCHAR(80);
ALTER TABLE notification ADD COLUMN proposal_id INT REFERENCES proposal (id) ON DELETE RESTRICT;
ALTER TABLE notification ADD COLUMN theme_id INT REFERENCES theme (id) ON DELETE RESTRICT;
CREATE UNIQUE INDEX notification_key ON notification (member_id, key);
CREATE INDEX notification_proposal ON notification (proposal_id);
CREATE INDEX notification_theme ON notification (theme_id);
ALTER TABLE "proposal" ADD COLUMN "in_favour_of_id" INT REFERENCES "proposal" ("id") ON DELETE RESTRICT;
ALTER TABLE "proposal" ADD COLUMN "merged_into_id" INT REFERENCES "proposal" ("id") ON DELETE RESTRICT;
ALTER TABLE "proposal" ADD COLUMN "state_reason" VARCHAR(500) NOT NULL DEFAULT '';
ALTER TABLE "proposal" ADD COLUMN "substance" INT NOT NULL DEFAULT 1;
ALTER TABLE "proposal_version" ADD COLUMN "certified_at" TIMESTAMPTZ;
ALTER TABLE "proposal_version" ADD COLUMN "certifier_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT;
ALTER TABLE "proposal_version" ADD COLUMN "reason" VARCHAR(500) NOT NULL DEFAULT '';
ALTER TABLE "proposal_version" ADD COLUMN "substantive" BOOL NOT NULL DEFAULT TRUE;
ALTER TABLE "theme" ADD COLUMN "mentions" TEXT NOT NULL DEFAULT '';
ALTER TABLE "theme" ADD COLUMN "quota" INT NOT NULL DEFAULT 0;
ALTER TABLE "theme" ADD COLUMN "voting" VARCHAR(16) NOT NULL DEFAULT 'pour-contre';
CREATE INDEX ballot_carried_from_id ON ballot (carried_from_id);
CREATE INDEX extract_proposal_id ON extract (proposal_id);
CREATE INDEX journal_entry_thing_id ON journal_entry (thing_id);
CREATE INDEX proposal_in_favour_of_id ON proposal (in_favour_of_id);
CREATE INDEX proposal_merged_into_id ON proposal (merged_into_id);
CREATE INDEX proposal_version_certifier_id ON proposal_version (certifier_id);

-- 0006_booleans

-- 0007_undelivered
ALTER TABLE "link" ADD COLUMN "undelivered" VARCHAR(500);

-- 0008_releases
CREATE TABLE "published_release" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "closed_at" TIMESTAMPTZ NOT NULL,
    "cells" TEXT NOT NULL,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_published_r_theme_i_cfc769" UNIQUE ("theme_id", "closed_at")
);
COMMENT ON COLUMN "published_release"."closed_at" IS 'the close that it was the release of';
COMMENT ON COLUMN "published_release"."cells" IS 'JSON: the published cells by attribute and reference';
COMMENT ON TABLE "published_release" IS 'What was published of the groups of a theme when its votes were opened again, see `votes/releases.py`.';

-- 0009_ballot_form
CREATE FUNCTION ballot_form() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF NOT EXISTS (
        SELECT 1 FROM proposal p JOIN theme t ON t.id = p.theme_id
         WHERE p.id = NEW.proposal_id AND CASE t.voting
               WHEN 'pour-contre' THEN NEW.opinion IN ('pour', 'abstention', 'contre')
               WHEN 'soutien' THEN NEW.opinion = 'pour'
               WHEN 'classement' THEN NEW.opinion IN ('1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16', '17', '18', '19', '20')
               WHEN 'jugement' THEN NEW.opinion IN ('0', '1', '2', '3', '4', '5', '6') AND NEW.opinion < CAST(
                    CASE t.mentions WHEN '' THEN 7
                    ELSE LENGTH(t.mentions) - LENGTH(REPLACE(t.mentions, '
', '')) + 1 END AS VARCHAR(10))
               END) THEN RAISE EXCEPTION 'a ballot says what the kind of vote of its theme knows' USING ERRCODE = 'check_violation'; END IF;
          RETURN NEW; END $$;
CREATE TRIGGER ballot_form_held BEFORE INSERT OR UPDATE OF opinion, proposal_id ON ballot FOR EACH ROW
          EXECUTE FUNCTION ballot_form();

-- 0010_backup
CREATE TABLE "backup" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "made_at" TIMESTAMPTZ NOT NULL,
    "size" BIGINT NOT NULL
);
COMMENT ON COLUMN "backup"."made_at" IS 'the moment of what it holds';
COMMENT ON COLUMN "backup"."size" IS 'bytes of its file';
COMMENT ON TABLE "backup" IS 'The latest backup that was restored in a place of trial and found whole: one row, or none before the first.';

-- 0011_withheld
CREATE TABLE "withheld" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "thing" VARCHAR(16) NOT NULL,
    "thing_id" INT NOT NULL,
    "table_name" VARCHAR(40) NOT NULL,
    "row_id" INT NOT NULL,
    "words" TEXT NOT NULL,
    "ground" VARCHAR(16),
    "hidden_at" TIMESTAMPTZ,
    "withdrawn_at" TIMESTAMPTZ,
    CONSTRAINT "uid_withheld_table_n_f8a14f" UNIQUE ("table_name", "row_id")
);
CREATE INDEX "idx_withheld_thing_3ba4ae" ON "withheld" ("thing", "thing_id");
COMMENT ON COLUMN "withheld"."thing" IS 'POST: post\nPROPOSAL: proposal';
COMMENT ON COLUMN "withheld"."words" IS 'JSON: the columns of the row as they were';
COMMENT ON COLUMN "withheld"."ground" IS 'why it is hidden';
COMMENT ON TABLE "withheld" IS 'The words of one row, kept here while a placeholder stands in their place.';
ALTER TABLE "post" ADD COLUMN "state" VARCHAR(16) NOT NULL DEFAULT 'shown';
CREATE INDEX post_not_shown ON post (thread_id) WHERE state <> 'shown';

-- 0012_cases
CREATE TABLE "moderation_case" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "thing" VARCHAR(16) NOT NULL,
    "thing_id" INT NOT NULL,
    "open_key" VARCHAR(40)  UNIQUE,
    "opened_at" TIMESTAMPTZ NOT NULL,
    "claimed_at" TIMESTAMPTZ,
    "closed_at" TIMESTAMPTZ,
    "claimed_by_id" INT REFERENCES "member" ("id") ON DELETE SET NULL,
    "working_group_id" INT NOT NULL REFERENCES "working_group" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_moderation__claimed_6c569e" ON "moderation_case" ("claimed_by_id");
CREATE INDEX "idx_moderation__working_e9057e" ON "moderation_case" ("working_group_id");
CREATE INDEX "idx_moderation__thing_a8292d" ON "moderation_case" ("thing", "thing_id");
COMMENT ON COLUMN "moderation_case"."thing" IS 'POST: post\nPROPOSAL: proposal';
COMMENT ON TABLE "moderation_case" IS 'One thing to decide about, and everything that was notified of it until it is decided.';
CREATE TABLE "moderation_decision" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "act" VARCHAR(16) NOT NULL,
    "ground" VARCHAR(16),
    "facts" VARCHAR(500) NOT NULL,
    "decided_at" TIMESTAMPTZ NOT NULL,
    "statement" TEXT NOT NULL,
    "contest_until" TIMESTAMPTZ,
    "affected_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "case_id" INT NOT NULL REFERENCES "moderation_case" ("id") ON DELETE RESTRICT,
    "decided_by_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_moderation__decided_b5bce7" ON "moderation_decision" ("decided_at");
CREATE INDEX "idx_moderation__affecte_8b78eb" ON "moderation_decision" ("affected_id");
CREATE INDEX "idx_moderation__case_id_817c57" ON "moderation_decision" ("case_id");
CREATE INDEX "idx_moderation__decided_493b78" ON "moderation_decision" ("decided_by_id");
COMMENT ON COLUMN "moderation_decision"."act" IS 'HIDE: hide\nUNHIDE: unhide\nNO_ACTION: no action';
COMMENT ON COLUMN "moderation_decision"."ground" IS 'ILLEGAL: illegal\nPERSONAL_DATA: personal data\nCHARTER: charter\nOFF_TOPIC: off topic\nDUPLICATE: duplicate';
COMMENT ON TABLE "moderation_decision" IS 'What was decided about a case, by whom and why, `affected` is the person whose words it is about.';
CREATE TABLE "moderation_complaint" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "words" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "answered_at" TIMESTAMPTZ,
    "outcome" VARCHAR(16),
    "answer" TEXT NOT NULL,
    "answered_by_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    "decision_id" INT NOT NULL UNIQUE REFERENCES "moderation_decision" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_moderation__created_3787ce" ON "moderation_complaint" ("created_at");
CREATE INDEX "idx_moderation__answere_4d2ac9" ON "moderation_complaint" ("answered_by_id");
CREATE INDEX "idx_moderation__member__94c2bf" ON "moderation_complaint" ("member_id");
COMMENT ON COLUMN "moderation_complaint"."outcome" IS 'UPHELD: upheld\nREVERSED: reversed';
COMMENT ON TABLE "moderation_complaint" IS 'The words with which somebody contests a decision, once, and what another person than its author answered.';
CREATE TABLE "moderation_notice" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "thing" VARCHAR(16) NOT NULL,
    "thing_id" INT NOT NULL,
    "revision" INT NOT NULL,
    "ground" VARCHAR(16) NOT NULL,
    "words" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "locale" VARCHAR(2) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "confirmed_at" TIMESTAMPTZ,
    "case_id" INT REFERENCES "moderation_case" ("id") ON DELETE RESTRICT,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_moderation__created_6e67c7" ON "moderation_notice" ("created_at");
CREATE INDEX "idx_moderation__case_id_a3da1e" ON "moderation_notice" ("case_id");
CREATE INDEX "idx_moderation__member__4fa415" ON "moderation_notice" ("member_id");
COMMENT ON COLUMN "moderation_notice"."thing" IS 'POST: post\nPROPOSAL: proposal';
COMMENT ON COLUMN "moderation_notice"."revision" IS 'of the contribution, or version of the proposal, that was read';
COMMENT ON COLUMN "moderation_notice"."ground" IS 'ILLEGAL: illegal\nPERSONAL_DATA: personal data\nCHARTER: charter\nOFF_TOPIC: off topic\nDUPLICATE: duplicate';
COMMENT ON COLUMN "moderation_notice"."address" IS 'of a visitor, sealed, forgotten some time after the decision';
COMMENT ON TABLE "moderation_notice" IS 'What somebody notified: a member, or a visitor whose address is sealed.';
ALTER TABLE "notification" ADD COLUMN "case_id" INT REFERENCES "moderation_case" ("id") ON DELETE RESTRICT;
CREATE INDEX notification_case ON notification (case_id);
ALTER TABLE "notification" ADD COLUMN "decision_id" INT REFERENCES "moderation_decision" ("id") ON DELETE RESTRICT;
CREATE INDEX notification_decision ON notification (decision_id);

-- 0013_threads
ALTER TABLE "thread" ADD COLUMN "last_number" INT NOT NULL DEFAULT 0;
ALTER TABLE "thread" ADD COLUMN "locked" BOOL NOT NULL DEFAULT FALSE;
ALTER TABLE "thread" ADD COLUMN "pinned" BOOL NOT NULL DEFAULT FALSE;
ALTER TABLE "thread" ADD COLUMN "turns" INT NOT NULL DEFAULT 0;
CREATE TABLE "thread_turn" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "act" VARCHAR(16) NOT NULL,
    "before" VARCHAR(200) NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "thread_id" INT NOT NULL REFERENCES "thread" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_thread_turn_member__3697c5" ON "thread_turn" ("member_id");
CREATE INDEX "idx_thread_turn_thread__f1acf1" ON "thread_turn" ("thread_id");
COMMENT ON COLUMN "thread"."last_number" IS 'last number given to a contribution';
COMMENT ON COLUMN "thread"."locked" IS 'nobody answers any more';
COMMENT ON COLUMN "thread"."pinned" IS 'first in the list of its theme';
COMMENT ON COLUMN "thread"."turns" IS 'how many times moderators acted on it';
COMMENT ON COLUMN "thread_turn"."act" IS 'RENAMED: renamed\nLOCKED: locked\nUNLOCKED: unlocked\nPINNED: pinned\nUNPINNED: unpinned';
COMMENT ON TABLE "thread_turn" IS 'One act of a moderator on a thread: who, when, why. `before` is the former title of one that was renamed.';
ALTER TABLE "notification" ADD COLUMN "thread_id" INT REFERENCES "thread" ("id") ON DELETE RESTRICT;
CREATE INDEX notification_thread ON notification (thread_id);

-- 0014_sign_of_life
CREATE TABLE "sign_of_life" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "who" VARCHAR(16) NOT NULL UNIQUE,
    "at" TIMESTAMPTZ NOT NULL
);
COMMENT ON COLUMN "sign_of_life"."who" IS 'the workers, or the site by a write';
COMMENT ON TABLE "sign_of_life" IS 'The latest sign of life of each.';

-- 0015_moved_posts
ALTER TABLE "thread" ADD COLUMN "moved_into_id" INT REFERENCES "thread" ("id") ON DELETE RESTRICT;
ALTER TABLE "thread_turn" ADD COLUMN "other_id" INT REFERENCES "thread" ("id") ON DELETE RESTRICT;
ALTER TABLE "thread_turn" ADD COLUMN "undone_at" TIMESTAMPTZ;
CREATE TABLE "moved_post" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "number_before" INT NOT NULL,
    "number_after" INT NOT NULL,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT,
    "turn_id" INT NOT NULL REFERENCES "thread_turn" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_moved_post_turn_id_779f5e" UNIQUE ("turn_id", "post_id")
);
CREATE INDEX "idx_moved_post_post_id_22048a" ON "moved_post" ("post_id");
COMMENT ON TABLE "moved_post" IS 'A contribution that was moved, with its number in the thread that it left and in the one that it came to.';
CREATE INDEX thread_moved_into ON thread (moved_into_id);
CREATE INDEX thread_turn_other ON thread_turn (other_id);

-- 0016_unknown_tags
CREATE TABLE "unknown_tag" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "number" SMALLINT NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_unknown_tag_post_id_9d1bc2" UNIQUE ("post_id", "number")
);
COMMENT ON COLUMN "unknown_tag"."state" IS 'WAITING: waiting\nCONFIRMED: confirmed\nREMOVED: removed';
COMMENT ON TABLE "unknown_tag" IS 'A tag naming a meeting that its group has not: a moderator chooses its fate. A removed one is remembered.';

-- 0017_threads_between_themes
ALTER TABLE "thread_turn" ADD COLUMN "from_theme_id" INT REFERENCES "theme" ("id") ON DELETE RESTRICT;
ALTER TABLE "thread_turn" ADD COLUMN "to_theme_id" INT REFERENCES "theme" ("id") ON DELETE RESTRICT;
CREATE INDEX thread_turn_from ON thread_turn (from_theme_id);
CREATE INDEX thread_turn_to ON thread_turn (to_theme_id);

-- 0018_receptions
CREATE TABLE "reception" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "origin" VARCHAR(16) NOT NULL,
    "channel" VARCHAR(60) NOT NULL,
    "received_on" DATE NOT NULL,
    "name" VARCHAR(120) NOT NULL,
    "organisation" VARCHAR(200) NOT NULL,
    "post_id" INT NOT NULL UNIQUE REFERENCES "post" ("id") ON DELETE RESTRICT
);
COMMENT ON COLUMN "reception"."origin" IS 'LETTER: letter\nMAIL: mail\nWORKSHOP: workshop\nTELEPHONE: telephone\nOTHER: other';
COMMENT ON TABLE "reception" IS 'What is known of a contribution that was received elsewhere and entered by a moderator, whom the journal names.';

-- 0019_judged_and_hidden
ALTER TABLE "proposal" ADD COLUMN "judged" BOOL NOT NULL DEFAULT FALSE;

-- 0020_closed_by_hand
ALTER TABLE "theme" ADD COLUMN "closed_by_hand" BOOL NOT NULL DEFAULT FALSE;

-- 0021_excluded_votes
CREATE TABLE "excluded_vote" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "reason" VARCHAR(500) NOT NULL,
    "excluded_at" TIMESTAMPTZ NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_excluded_vo_theme_i_8c56e4" UNIQUE ("theme_id", "member_id")
);
CREATE INDEX "idx_excluded_vo_member__595d40" ON "excluded_vote" ("member_id");
COMMENT ON TABLE "excluded_vote" IS 'The votes of one person in one theme, which count nowhere, for a reason that this person reads.';

-- 0022_pending_posts
CREATE TABLE "pending_post" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "title" VARCHAR(200) NOT NULL,
    "source" TEXT NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "version" INT NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "edited_at" TIMESTAMPTZ,
    "author_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    "reply_to_id" INT REFERENCES "post" ("id") ON DELETE RESTRICT,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT,
    "thread_id" INT REFERENCES "thread" ("id") ON DELETE RESTRICT,
    "post_id" INT  UNIQUE REFERENCES "post" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_pending_pos_author__49fad5" ON "pending_post" ("author_id");
CREATE INDEX "idx_pending_pos_reply_t_c9b175" ON "pending_post" ("reply_to_id");
CREATE INDEX "idx_pending_pos_theme_i_4eebfb" ON "pending_post" ("theme_id");
CREATE INDEX "idx_pending_pos_thread__4b6e1f" ON "pending_post" ("thread_id");
COMMENT ON COLUMN "pending_post"."source" IS 'Markdown, as written so far';
COMMENT ON COLUMN "pending_post"."state" IS 'WAITING: waiting\nACCEPTED: accepted\nREFUSED: refused\nGIVEN_UP: given up';
COMMENT ON TABLE "pending_post" IS 'A first contribution of a new member, for a thread or for a new one of that title. It is no contribution yet:';

-- 0023_thread_reads
CREATE TABLE "thread_read" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "number" INT NOT NULL,
    "read_at" TIMESTAMPTZ NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    "thread_id" INT NOT NULL REFERENCES "thread" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_thread_read_member__9cdaed" UNIQUE ("member_id", "thread_id")
);
CREATE INDEX "idx_thread_read_thread__8d021c" ON "thread_read" ("thread_id");
COMMENT ON TABLE "thread_read" IS 'How far a member has read a thread: every contribution up to that number. It only ever grows.';

-- 0024_notifiers_complaints
ALTER TABLE "moderation_notice" ADD COLUMN "complaint" TEXT NOT NULL DEFAULT '';
ALTER TABLE "moderation_notice" ADD COLUMN "complained_at" TIMESTAMPTZ;
ALTER TABLE "moderation_notice" ADD COLUMN "complained_of_id" INT REFERENCES "moderation_decision" ("id") ON DELETE RESTRICT;
ALTER TABLE "moderation_notice" ADD COLUMN "answered_by_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT;
ALTER TABLE "moderation_notice" ADD COLUMN "answered_at" TIMESTAMPTZ;
ALTER TABLE "moderation_notice" ADD COLUMN "outcome" VARCHAR(16);
ALTER TABLE "moderation_notice" ADD COLUMN "answer" TEXT NOT NULL DEFAULT '';
CREATE INDEX moderation_notice_contested ON moderation_notice (complained_of_id);
CREATE INDEX moderation_notice_answered ON moderation_notice (answered_by_id);

-- 0025_rewrites
ALTER TABLE "post" ADD COLUMN "rewrites" INT NOT NULL DEFAULT 0;
ALTER TABLE "proposal" ADD COLUMN "rewrites" INT NOT NULL DEFAULT 0;
ALTER TABLE "thread" ADD COLUMN "rewrites" INT NOT NULL DEFAULT 0;

-- 0026_ballot_sheets
CREATE TABLE "ballot_key" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "secret" VARCHAR(64) NOT NULL,
    "member_id" INT NOT NULL UNIQUE REFERENCES "member" ("id") ON DELETE RESTRICT
);
COMMENT ON COLUMN "ballot_key"."secret" IS 'random, hexadecimal';
COMMENT ON TABLE "ballot_key" IS 'What the tokens of one person''s published ballots are made with.';
CREATE TABLE "ballot_sheet" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "closed_at" TIMESTAMPTZ NOT NULL,
    "counts" TEXT NOT NULL,
    "salt" VARCHAR(64) NOT NULL,
    "content" TEXT NOT NULL,
    "sha256" VARCHAR(64) NOT NULL UNIQUE,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_ballot_shee_theme_i_b1139b" ON "ballot_sheet" ("theme_id");
COMMENT ON COLUMN "ballot_sheet"."closed_at" IS 'the close whose ballots these are';
COMMENT ON COLUMN "ballot_sheet"."counts" IS 'JSON: how many lines say what, by reference';
COMMENT ON COLUMN "ballot_sheet"."salt" IS 'random, so that no token is in two sheets';
COMMENT ON COLUMN "ballot_sheet"."content" IS 'CSV';
COMMENT ON TABLE "ballot_sheet" IS 'The ballots of a theme as they are published, one a line, under tokens, see `votes/ballot_sheets.py`.';

-- 0027_synthesis_blocks
ALTER TABLE "synthesis" ADD COLUMN "written" TEXT NOT NULL DEFAULT '';
CREATE TABLE "synthesis_block" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "kind" VARCHAR(24) NOT NULL,
    "subject" VARCHAR(32) NOT NULL DEFAULT '',
    "number" INT NOT NULL,
    "source" TEXT NOT NULL,
    "html" TEXT NOT NULL,
    "plain" TEXT NOT NULL,
    "rewrites" INT NOT NULL DEFAULT 0,
    "written_at" TIMESTAMPTZ NOT NULL,
    "author_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "synthesis_id" INT NOT NULL REFERENCES "synthesis" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_synthesis_b_synthes_2d14b4" UNIQUE ("synthesis_id", "kind", "subject", "number")
);
CREATE INDEX "idx_synthesis_b_author__4c2c32" ON "synthesis_block" ("author_id");
COMMENT ON COLUMN "synthesis"."written" IS 'its blocks as its documents hold them, frozen';
COMMENT ON COLUMN "synthesis_block"."kind" IS 'ESSENTIALS: texte-essentiel\nINTRODUCTION: texte-introduction\nCONVERGENCES: texte-convergences\nDIVERGENCES: texte-divergences\nMINORITY: texte-minoritaires\nCOMMENT: texte-commentaire\nCONCLUSION: texte-conclusion\nRESERVE: texte-reserve';
COMMENT ON COLUMN "synthesis_block"."subject" IS 'of a comment: the reference of its proposal';
COMMENT ON COLUMN "synthesis_block"."number" IS '1, 2, 3… within its block';
COMMENT ON COLUMN "synthesis_block"."source" IS 'Markdown, empty when its words were taken away';
COMMENT ON COLUMN "synthesis_block"."html" IS 'safe, with empty quote elements filled when a page is joined';
COMMENT ON COLUMN "synthesis_block"."rewrites" IS 'how many times its words changed otherwise than by a version';
COMMENT ON TABLE "synthesis_block" IS 'A version of a block of a synthesis. The newest one of its `kind` and `subject` is the block.';

-- 0028_text_passes
ALTER TABLE "post_revision" ADD COLUMN "renderer" SMALLINT NOT NULL DEFAULT 1;
CREATE TABLE "text_pass" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "version" SMALLINT NOT NULL UNIQUE,
    "last_revision" INT NOT NULL,
    "read" INT NOT NULL,
    "changed" INT NOT NULL,
    "kept" INT NOT NULL,
    "begun_at" TIMESTAMPTZ NOT NULL,
    "finished_at" TIMESTAMPTZ
);
COMMENT ON COLUMN "post_revision"."renderer" IS 'version of the pipeline that made html and plain';

-- 0029_search
CREATE TABLE "search_entry" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "kind" VARCHAR(16) NOT NULL,
    "thing_id" INT NOT NULL,
    "version" SMALLINT NOT NULL,
    "words" TEXT NOT NULL,
    "lexemes" TEXT NOT NULL,
    CONSTRAINT "uid_search_entr_kind_a2caf1" UNIQUE ("kind", "thing_id")
);
COMMENT ON COLUMN "search_entry"."kind" IS 'POST: contributions\nPROPOSAL: propositions\nMEETING: reunions\nMINUTES: comptes-rendus\nANSWER: reponses\nSYNTHESIS: syntheses';
COMMENT ON COLUMN "search_entry"."version" IS 'of the reading of words that made it';
COMMENT ON COLUMN "search_entry"."words" IS 'folded, in their order, of the title, of its own, of what it quotes';
COMMENT ON COLUMN "search_entry"."lexemes" IS 'what it is found by, each once, with where it stands';
COMMENT ON TABLE "search_entry" IS 'The words of one thing that everybody may read, as they are searched.';
CREATE TABLE search_words (id BIGINT PRIMARY KEY, lexemes TSVECTOR NOT NULL);
CREATE INDEX search_words_found ON search_words USING gin (lexemes) WITH (gin_pending_list_limit = 256);
CREATE FUNCTION search_entry_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'an entry is deleted and written anew';
    ELSIF TG_OP = 'DELETE' THEN
        DELETE FROM search_words WHERE id = OLD.id;
    ELSE
        INSERT INTO search_words VALUES (NEW.id, array_to_tsvector(string_to_array(NEW.lexemes, ' ')));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER search_entry_words AFTER INSERT OR UPDATE OR DELETE ON search_entry
  FOR EACH ROW EXECUTE FUNCTION search_entry_follows();

-- 0030_signature
CREATE TABLE "signature" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "content" BYTEA NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "signed" VARCHAR(64) NOT NULL,
    "signer" VARCHAR(300) NOT NULL,
    "issuer" VARCHAR(300) NOT NULL,
    "fingerprint" VARCHAR(64) NOT NULL,
    "deposited_at" TIMESTAMPTZ NOT NULL,
    "synthesis_id" INT NOT NULL UNIQUE REFERENCES "synthesis" ("id") ON DELETE CASCADE
);
COMMENT ON COLUMN "signature"."signed" IS 'SHA-256 of the hashes that it is about';
COMMENT ON COLUMN "signature"."fingerprint" IS 'SHA-256 of the certificate';
COMMENT ON TABLE "signature" IS 'A detached CMS signature of the hashes of a synthesis, made outside and verified when it was deposited.';

-- 0031_post_drafts
CREATE TABLE "post_draft" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "kind" VARCHAR(16) NOT NULL,
    "thing" INT NOT NULL,
    "title" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "base" INT NOT NULL,
    "version" INT NOT NULL,
    "rewrites" INT NOT NULL DEFAULT 0,
    "form_key" VARCHAR(43) NOT NULL,
    "saved_at" TIMESTAMPTZ NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_post_draft_member__df38ca" UNIQUE ("member_id", "kind", "thing")
);
COMMENT ON COLUMN "post_draft"."kind" IS 'IN_THREAD: in thread\nANSWER: answer to post\nEDIT: edit of post\nOPENING: new thread';
COMMENT ON COLUMN "post_draft"."title" IS 'of a new thread, as typed';
COMMENT ON COLUMN "post_draft"."source" IS 'Markdown, as typed, with the marks of quotes';
COMMENT ON COLUMN "post_draft"."rewrites" IS 'how many times its words changed otherwise than by their author';
COMMENT ON TABLE "post_draft" IS 'The words that a member prepares for one place, which nobody else ever sees.';
CREATE TABLE "sent_form" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "key" VARCHAR(43) NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "draft" INT,
    "sent_at" TIMESTAMPTZ NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    "pending_id" INT REFERENCES "pending_post" ("id") ON DELETE RESTRICT,
    "post_id" INT REFERENCES "post" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_sent_form_member__a81790" UNIQUE ("member_id", "key")
);
CREATE INDEX "idx_sent_form_pending_89410f" ON "sent_form" ("pending_id");
CREATE INDEX "idx_sent_form_post_id_b1d9f8" ON "sent_form" ("post_id");
COMMENT ON TABLE "sent_form" IS 'A form that published something: sent again, it leads there. `draft` is the number of the draft that it showed.';

-- 0032_kept_results
CREATE TABLE "kept_result" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "basis" VARCHAR(64) NOT NULL,
    "facts" TEXT NOT NULL,
    "pairs" TEXT NOT NULL,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_kept_result_theme_i_5e639e" UNIQUE ("theme_id")
);
COMMENT ON COLUMN "kept_result"."basis" IS 'digest of what it was reckoned from, beside the ballots';
COMMENT ON COLUMN "kept_result"."facts" IS 'JSON: the order, the methods, how many people voted';
COMMENT ON COLUMN "kept_result"."pairs" IS 'JSON: for an order of preference, the matrix of pairs';
COMMENT ON TABLE "kept_result" IS 'What the votes of a theme gave, reckoned once for all who read it, see `votes/kept_results.py`.';
CREATE TABLE "kept_place" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "facts" TEXT NOT NULL,
    "cells" TEXT NOT NULL,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_kept_place_proposa_c18e5f" UNIQUE ("proposal_id")
);
COMMENT ON COLUMN "kept_place"."facts" IS 'JSON: its figures and its ranks';
COMMENT ON COLUMN "kept_place"."cells" IS 'JSON: what is published of the declared groups';
COMMENT ON TABLE "kept_place" IS 'What the results say of one proposal.';

-- 0033_follows
CREATE TABLE "follow" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "created_at" TIMESTAMPTZ NOT NULL,
    "meeting_id" INT REFERENCES "meeting" ("id") ON DELETE RESTRICT,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    "proposal_id" INT REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    "theme_id" INT REFERENCES "theme" ("id") ON DELETE RESTRICT,
    "thread_id" INT REFERENCES "thread" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_follow_member__074052" UNIQUE ("member_id", "theme_id"),
    CONSTRAINT "uid_follow_member__229cc1" UNIQUE ("member_id", "thread_id"),
    CONSTRAINT "uid_follow_member__e0f17f" UNIQUE ("member_id", "proposal_id"),
    CONSTRAINT "uid_follow_member__60691a" UNIQUE ("member_id", "meeting_id")
);
CREATE INDEX "idx_follow_meeting_ac0829" ON "follow" ("meeting_id");
CREATE INDEX "idx_follow_proposa_6b62f2" ON "follow" ("proposal_id");
CREATE INDEX "idx_follow_theme_i_54d57c" ON "follow" ("theme_id");
CREATE INDEX "idx_follow_thread__32171d" ON "follow" ("thread_id");
COMMENT ON TABLE "follow" IS 'A theme, a thread, a proposal or a meeting, one of the four, that a member follows, and since when.';
CREATE INDEX post_created ON post (created_at);
CREATE INDEX proposal_turn_at ON proposal_turn (at);

-- 0034_mails_of_news
CREATE TABLE "mail_wish" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "kind" VARCHAR(16) NOT NULL,
    "pace" VARCHAR(16) NOT NULL,
    "since" TIMESTAMPTZ NOT NULL,
    "due_at" TIMESTAMPTZ NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_mail_wish_member__f60a58" UNIQUE ("member_id", "kind")
);
CREATE INDEX "idx_mail_wish_due_at_e821cd" ON "mail_wish" ("due_at");
COMMENT ON COLUMN "mail_wish"."kind" IS 'ADDRESSED: addressed\nFOLLOWED: followed';
COMMENT ON COLUMN "mail_wish"."pace" IS 'AT_ONCE: at once\nDAILY: each day\nWEEKLY: each week\nNEVER: no mail';
COMMENT ON TABLE "mail_wish" IS 'How often a member wants mails of one kind. Without a row they have the pace that everybody begins with.';
ALTER TABLE "notification" ADD COLUMN "mailed_at" TIMESTAMPTZ;
CREATE INDEX notification_unmailed ON notification (member_id) WHERE mailed_at IS NULL;

-- 0035_bounces
CREATE TABLE "bounce" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "mail" INT NOT NULL,
    "status" VARCHAR(12) NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_bounce_member__86a780" UNIQUE ("member_id", "mail")
);
CREATE INDEX "idx_bounce_at_9fb61d" ON "bounce" ("at");
COMMENT ON TABLE "bounce" IS 'A mail that did not reach a member: its number, and the status of the refusal, empty once that was mended.';
ALTER TABLE "member" ADD COLUMN "bounced_at" TIMESTAMPTZ;

INSERT INTO "journal_head" ("id", "entries", "chain") VALUES ('1', '0', '');
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0001_initial', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0002_unread', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0003_people', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0004_journal_chain', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0005_proposals', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0006_booleans', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0007_undelivered', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0008_releases', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0009_ballot_form', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0010_backup', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0011_withheld', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0012_cases', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0013_threads', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0014_sign_of_life', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0015_moved_posts', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0016_unknown_tags', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0017_threads_between_themes', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0018_receptions', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0019_judged_and_hidden', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0020_closed_by_hand', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0021_excluded_votes', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0022_pending_posts', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0023_thread_reads', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0024_notifiers_complaints', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0025_rewrites', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0026_ballot_sheets', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0027_synthesis_blocks', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0028_text_passes', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0029_search', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0030_signature', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0031_post_drafts', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0032_kept_results', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0033_follows', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0034_mails_of_news', now());
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0035_bounces', now());
