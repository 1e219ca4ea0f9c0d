-- Written by `make schema`: what the migrations make of an empty database.
CREATE TABLE "tortoise_migrations" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "app" VARCHAR(255) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "applied_at" TIMESTAMP NOT NULL,
    CONSTRAINT "uid_tortoise_mi_app_3803a5" UNIQUE ("app", "name")
);
CREATE TABLE "job" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" VARCHAR(60) NOT NULL,
    "key" VARCHAR(120) NOT NULL UNIQUE /* the same work is asked once */,
    "subject" INT NOT NULL  /* id of the row that the job is about */,
    "state" VARCHAR(16) NOT NULL  /* QUEUED: queued\nRUNNING: running\nDONE: done\nFAILED: failed */,
    "tries" SMALLINT NOT NULL,
    "fence" INT NOT NULL,
    "lease_until" TIMESTAMP,
    "run_after" TIMESTAMP NOT NULL,
    "done_steps" INT NOT NULL,
    "total_steps" INT NOT NULL,
    "step" VARCHAR(120) NOT NULL  /* what is under way, a format */,
    "error" TEXT NOT NULL,
    "trace_id" VARCHAR(32) NOT NULL  /* leads from the page's message to the log line */,
    "created_at" TIMESTAMP NOT NULL,
    "finished_at" TIMESTAMP
);
CREATE INDEX "idx_job_state_77f629" ON "job" ("state", "run_after");
CREATE TABLE "member" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" VARCHAR(60) NOT NULL,
    "handle" VARCHAR(60) NOT NULL  /* what follows the @ of a mention */,
    "handle_key" VARCHAR(120) NOT NULL UNIQUE /* the handle folded: NFC, NFD, case and look-alikes are one */,
    "email" VARCHAR(254),
    "email_key" VARCHAR(254)  UNIQUE /* the address in lower case */,
    "password_hash" VARCHAR(255),
    "role" VARCHAR(16) NOT NULL  /* MEMBER: member\nAGENT: agent\nADMINISTRATOR: administrator */,
    "organisation" VARCHAR(120) NOT NULL,
    "locale" VARCHAR(2) NOT NULL,
    "confirmed_at" TIMESTAMP,
    "suspended_until" TIMESTAMP,
    "example" BOOL NOT NULL  /* invented for the example consultation */,
    "created_at" TIMESTAMP NOT NULL
, "active_at" TIMESTAMP   /* the last day on which they were signed in */, "charter_accepted_at" TIMESTAMP, "charter_version" VARCHAR(64) NOT NULL  /* the charter that was accepted */ DEFAULT '', "erased_at" TIMESTAMP, "profession" VARCHAR(80) NOT NULL  /* one of the list in settings, or nothing */ DEFAULT '', "suspended_reason" VARCHAR(500) NOT NULL DEFAULT '', "territory" VARCHAR(80) NOT NULL  /* one of the list in settings, or nothing */ DEFAULT '', "warned_at" TIMESTAMP, "warnings" SMALLINT NOT NULL  /* how often they were told that the account sleeps */ DEFAULT 0, "bounced_at" TIMESTAMP   /* since when mail servers refuse the address */);
CREATE TABLE "session" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "token_hash" VARCHAR(64) NOT NULL UNIQUE,
    "created_at" TIMESTAMP NOT NULL,
    "seen_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL  /* absolute limit, whatever the activity */,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE CASCADE
, "awaits_code" BOOL NOT NULL  /* the password was right, the second factor is to come */ DEFAULT 0, "device" VARCHAR(80) NOT NULL  /* browser and system, as the person recognises them */ DEFAULT '', "id_token" TEXT NOT NULL  /* sealed, shown to the provider when signing out */ DEFAULT '', "issuer" VARCHAR(255) NOT NULL  /* the provider that was signed in with, if any */ DEFAULT '', "proved_at" TIMESTAMP   /* when the person last proved who they are, here */);
CREATE INDEX "idx_session_member__97fec6" ON "session" ("member_id");
CREATE TABLE "working_group" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "slug" VARCHAR(60) NOT NULL UNIQUE,
    "name" VARCHAR(120) NOT NULL
);
CREATE TABLE "journal_entry" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "act" VARCHAR(60) NOT NULL,
    "thing" VARCHAR(40) NOT NULL  /* kind of thing: 'post', 'theme'… */,
    "thing_id" INT NOT NULL,
    "before" TEXT NOT NULL,
    "after" TEXT NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "actor_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "working_group_id" INT REFERENCES "working_group" ("id") ON DELETE RESTRICT
, "chain" VARCHAR(64) NOT NULL  /* SHA-256 of the row before and of this one */ DEFAULT '', "redacted_at" TIMESTAMP   /* when an erasure took a name out of the words */, "salt" VARCHAR(32) NOT NULL  /* of the digest of the words */ DEFAULT '', "words_digest" VARCHAR(64) NOT NULL  /* salted SHA-256 of before, after and reason */ DEFAULT '');
CREATE INDEX "idx_journal_ent_at_a60984" ON "journal_entry" ("at");
CREATE INDEX "idx_journal_ent_actor_i_4695c5" ON "journal_entry" ("actor_id");
CREATE INDEX "idx_journal_ent_working_07e079" ON "journal_entry" ("working_group_id");
CREATE TABLE "meeting" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "number" SMALLINT NOT NULL,
    "held_on" DATE,
    "place" VARCHAR(200) NOT NULL,
    "minutes" TEXT NOT NULL  /* plain text, as pasted */,
    "created_at" TIMESTAMP NOT NULL,
    "working_group_id" INT NOT NULL REFERENCES "working_group" ("id") ON DELETE RESTRICT, "attendance" TEXT NOT NULL  /* who was there, plain text, as entered */ DEFAULT '',
    CONSTRAINT "uid_meeting_working_c97a86" UNIQUE ("working_group_id", "number")
);
CREATE TABLE "moderator" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE CASCADE,
    "working_group_id" INT NOT NULL REFERENCES "working_group" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_moderator_member__2fe904" UNIQUE ("member_id", "working_group_id")
);
CREATE INDEX "idx_moderator_working_a0d293" ON "moderator" ("working_group_id");
CREATE TABLE "theme" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "number" SMALLINT NOT NULL UNIQUE,
    "title" VARCHAR(200) NOT NULL,
    "introduction" TEXT NOT NULL  /* Markdown, as in the file */,
    "introduction_html" TEXT NOT NULL,
    "contributions_open_at" TIMESTAMP,
    "contributions_close_at" TIMESTAMP,
    "votes_open_at" TIMESTAMP,
    "votes_close_at" TIMESTAMP,
    "sealed" BOOL NOT NULL  /* no tally is shown before the close */,
    "quorum" INT NOT NULL  /* votants under which a proposal is not ranked */,
    "last_proposal_number" INT NOT NULL  /* references are never reused */,
    "version" INT NOT NULL  /* raised by every write that a page of the theme shows */,
    "working_group_id" INT NOT NULL REFERENCES "working_group" ("id") ON DELETE RESTRICT
, "mentions" TEXT NOT NULL  /* of a judgment, 3 to 7, a line each from the worst to the best */ DEFAULT '', "quota" INT NOT NULL  /* proposals that one person may support or rank, 0: all */ DEFAULT 0, "voting" VARCHAR(16) NOT NULL  /* frozen once votes open */ DEFAULT 'pour-contre', "closed_by_hand" BOOL NOT NULL  /* the close waited for the votes under way */ DEFAULT 0);
CREATE INDEX "idx_theme_working_4b5cc4" ON "theme" ("working_group_id");
CREATE TABLE "guiding_question" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "position" SMALLINT NOT NULL,
    "text" VARCHAR(500) NOT NULL,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_guiding_que_theme_i_26f80b" UNIQUE ("theme_id", "position")
);
CREATE TABLE "synthesis" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "version" INT NOT NULL  /* 1, 2, 3… within its scope */,
    "scope" VARCHAR(16) NOT NULL  /* 'theme:3' or 'all': with version, unique, even where theme is null */,
    "state" VARCHAR(16) NOT NULL  /* REQUESTED: requested\nCOMPILING: compiling\nREADY: ready\nFAILED: failed\nPUBLISHED: published */,
    "draft" BOOL NOT NULL,
    "snapshot" TEXT NOT NULL,
    "snapshot_sha256" VARCHAR(64) NOT NULL,
    "requested_at" TIMESTAMP NOT NULL,
    "published_at" TIMESTAMP,
    "requester_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "theme_id" INT REFERENCES "theme" ("id") ON DELETE RESTRICT, "redacted_at" TIMESTAMP   /* when an erasure last took a name out of its words */, "written" TEXT NOT NULL  /* its blocks as its documents hold them, frozen */ DEFAULT '',
    CONSTRAINT "uid_synthesis_scope_adc442" UNIQUE ("scope", "version")
);
CREATE INDEX "idx_synthesis_request_29aa09" ON "synthesis" ("requester_id");
CREATE INDEX "idx_synthesis_theme_i_98b3a3" ON "synthesis" ("theme_id");
CREATE TABLE "document" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "format" VARCHAR(8) NOT NULL,
    "media_type" VARCHAR(100) NOT NULL,
    "content" BLOB,
    "sha256" VARCHAR(64) NOT NULL,
    "size" INT NOT NULL,
    "error" VARCHAR(500) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "synthesis_id" INT NOT NULL REFERENCES "synthesis" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_document_synthes_141d50" UNIQUE ("synthesis_id", "format")
);
CREATE TABLE "thread" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "title" VARCHAR(200) NOT NULL,
    "posts_count" INT NOT NULL,
    "version" INT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "last_post_at" TIMESTAMP NOT NULL,
    "import_key" VARCHAR(64)  UNIQUE /* SHA-256 naming what it was imported from */,
    "author_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT
, "last_number" INT NOT NULL  /* last number given to a contribution */ DEFAULT 0, "locked" BOOL NOT NULL  /* nobody answers any more */ DEFAULT 0, "pinned" BOOL NOT NULL  /* first in the list of its theme */ DEFAULT 0, "turns" INT NOT NULL  /* how many times moderators acted on it */ DEFAULT 0, "moved_into_id" INT REFERENCES "thread" ("id") ON DELETE RESTRICT, "rewrites" INT NOT NULL  /* how many times its title changed otherwise than by their act */ DEFAULT 0);
CREATE INDEX "idx_thread_author__c130ae" ON "thread" ("author_id");
CREATE INDEX "idx_thread_theme_i_995a6b" ON "thread" ("theme_id");
CREATE TABLE "post" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "number" INT NOT NULL,
    "kind" VARCHAR(16) NOT NULL  /* INSTRUCTION: instruction\nCONTRIBUTION: contribution */,
    "source" TEXT NOT NULL  /* Markdown, exactly as written */,
    "html" TEXT NOT NULL  /* safe, with empty quote elements filled when a page is joined */,
    "plain" TEXT NOT NULL  /* the words as read, ranges of quotes and extracts count its code points */,
    "renderer" SMALLINT NOT NULL  /* version of the pipeline that made html and plain */,
    "revision" INT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "written_at" TIMESTAMP,
    "edited_at" TIMESTAMP,
    "author_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "reply_to_id" INT REFERENCES "post" ("id") ON DELETE RESTRICT,
    "thread_id" INT NOT NULL REFERENCES "thread" ("id") ON DELETE RESTRICT, "state" VARCHAR(16) NOT NULL  /* SHOWN: shown\nHIDDEN: hidden\nWITHDRAWN: withdrawn */ DEFAULT 'shown', "rewrites" INT NOT NULL  /* how many times its words changed otherwise than by an edit */ DEFAULT 0,
    CONSTRAINT "uid_post_thread__2169da" UNIQUE ("thread_id", "number")
);
CREATE INDEX "idx_post_author__0da5e6" ON "post" ("author_id");
CREATE INDEX "idx_post_reply_t_1cac9a" ON "post" ("reply_to_id");
CREATE TABLE "extract" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "revision" INT NOT NULL,
    "start" INT NOT NULL,
    "stop" INT NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT
, "compared_revision" INT NOT NULL  /* newest revision of the post that a moderator compared the words with */ DEFAULT 0, "nature" VARCHAR(16) NOT NULL  /* PROBLEM: problematique\nSOLUTION: solution\nKNOWLEDGE: connaissance\nEXAMPLE: exemple\nARGUMENT_FOR: argument pour\nARGUMENT_AGAINST: argument contre\nSUPPORT: soutien */ DEFAULT 'solution', "proposal_id" INT REFERENCES "proposal" ("id") ON DELETE RESTRICT);
CREATE INDEX "idx_extract_member__2eea2d" ON "extract" ("member_id");
CREATE INDEX "idx_extract_post_id_a8bce1" ON "extract" ("post_id");
CREATE TABLE "meeting_tag" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "state" VARCHAR(16) NOT NULL  /* WAITING: waiting\nCONFIRMED: confirmed\nREMOVED: removed */,
    "created_at" TIMESTAMP NOT NULL,
    "meeting_id" INT NOT NULL REFERENCES "meeting" ("id") ON DELETE RESTRICT,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_meeting_tag_post_id_d9affe" UNIQUE ("post_id", "meeting_id")
);
CREATE INDEX "idx_meeting_tag_meeting_7d0b3a" ON "meeting_tag" ("meeting_id");
CREATE INDEX "idx_meeting_tag_member__357f3a" ON "meeting_tag" ("member_id");
CREATE TABLE "mention" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "handle" VARCHAR(60) NOT NULL,
    "handle_key" VARCHAR(120) NOT NULL,
    "is_leading" BOOL NOT NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_mention_post_id_581edf" UNIQUE ("post_id", "handle_key")
);
CREATE INDEX "idx_mention_member__b08a78" ON "mention" ("member_id");
CREATE TABLE "post_revision" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "number" INT NOT NULL,
    "source" TEXT NOT NULL,
    "html" TEXT NOT NULL,
    "plain" TEXT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "editor_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT, "renderer" SMALLINT NOT NULL  /* version of the pipeline that made html and plain */ DEFAULT 1,
    CONSTRAINT "uid_post_revisi_post_id_b3ea55" UNIQUE ("post_id", "number")
);
CREATE INDEX "idx_post_revisi_editor__8f7270" ON "post_revision" ("editor_id");
CREATE TABLE "proposal" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "number" INT NOT NULL,
    "wording" VARCHAR(300) NOT NULL,
    "body" TEXT NOT NULL  /* Markdown */,
    "body_html" TEXT NOT NULL,
    "body_plain" TEXT NOT NULL,
    "version" INT NOT NULL,
    "state" VARCHAR(16) NOT NULL  /* OPEN: open\nWITHDRAWN: withdrawn */,
    "origin" VARCHAR(16) NOT NULL  /* MEMBER: member\nPOST: post\nEXTRACT: extract\nMEETING: meeting */,
    "created_at" TIMESTAMP NOT NULL,
    "author_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "extract_id" INT REFERENCES "extract" ("id") ON DELETE RESTRICT,
    "meeting_id" INT REFERENCES "meeting" ("id") ON DELETE RESTRICT,
    "promoter_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT, "in_favour_of_id" INT REFERENCES "proposal" ("id") ON DELETE RESTRICT, "merged_into_id" INT REFERENCES "proposal" ("id") ON DELETE RESTRICT, "state_reason" VARCHAR(500) NOT NULL  /* why it was set aside or withdrawn */ DEFAULT '', "substance" INT NOT NULL  /* first version of those that ask for the same thing */ DEFAULT 1, "judged" BOOL NOT NULL  /* hidden after the close of its vote: its published figures stay, without its words */ DEFAULT 0, "rewrites" INT NOT NULL  /* how many times its words changed otherwise than by an edit */ DEFAULT 0,
    CONSTRAINT "uid_proposal_theme_i_69dce6" UNIQUE ("theme_id", "number")
);
CREATE INDEX "idx_proposal_author__c84065" ON "proposal" ("author_id");
CREATE INDEX "idx_proposal_extract_3bc91b" ON "proposal" ("extract_id");
CREATE INDEX "idx_proposal_meeting_e53886" ON "proposal" ("meeting_id");
CREATE INDEX "idx_proposal_promote_f5a63a" ON "proposal" ("promoter_id");
CREATE TABLE "ballot" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "opinion" VARCHAR(16) NOT NULL  /* FOR: pour\nABSTAIN: abstention\nAGAINST: contre */,
    "proposal_version" INT NOT NULL,
    "cast_at" TIMESTAMP NOT NULL,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    "voter_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT, "carried_from_id" INT REFERENCES "proposal" ("id") ON DELETE RESTRICT, "profession" VARCHAR(80) NOT NULL  /* what its voter declared then */ DEFAULT '', "territory" VARCHAR(80) NOT NULL  /* the same */ DEFAULT '',
    CONSTRAINT "uid_ballot_proposa_d29f0a" UNIQUE ("proposal_id", "voter_id")
);
CREATE INDEX "idx_ballot_voter_i_e24eaa" ON "ballot" ("voter_id");
CREATE TABLE "ballot_change" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "opinion" VARCHAR(16)   /* FOR: pour\nABSTAIN: abstention\nAGAINST: contre */,
    "proposal_version" INT NOT NULL,
    "changed_at" TIMESTAMP NOT NULL,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    "voter_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT
, "by_merge" BOOL NOT NULL DEFAULT 0);
CREATE INDEX "idx_ballot_chan_proposa_6b20ec" ON "ballot_change" ("proposal_id");
CREATE INDEX "idx_ballot_chan_voter_i_02e366" ON "ballot_change" ("voter_id");
CREATE TABLE "proposal_question" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    "question_id" INT NOT NULL REFERENCES "guiding_question" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_proposal_qu_proposa_7bde1e" UNIQUE ("proposal_id", "question_id")
);
CREATE INDEX "idx_proposal_qu_questio_59acef" ON "proposal_question" ("question_id");
CREATE TABLE "proposal_version" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "number" INT NOT NULL,
    "wording" VARCHAR(300) NOT NULL,
    "body" TEXT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "editor_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT, "certified_at" TIMESTAMP, "certifier_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT, "reason" VARCHAR(500) NOT NULL DEFAULT '', "substantive" BOOL NOT NULL DEFAULT 1,
    CONSTRAINT "uid_proposal_ve_proposa_0e5e08" UNIQUE ("proposal_id", "number")
);
CREATE INDEX "idx_proposal_ve_editor__f87cc9" ON "proposal_version" ("editor_id");
CREATE TABLE "quote" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "position" SMALLINT NOT NULL  /* which quote element of the post's html it fills, from 0 */,
    "revision" INT NOT NULL,
    "start" INT NOT NULL,
    "stop" INT NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT,
    "quoted_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_quote_post_id_733cac" UNIQUE ("post_id", "position")
);
CREATE INDEX "idx_quote_quoted__f4f3eb" ON "quote" ("quoted_id");
CREATE TABLE "address_change" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "email" VARCHAR(254) NOT NULL,
    "old_confirmed_at" TIMESTAMP,
    "new_confirmed_at" TIMESTAMP,
    "created_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL,
    "member_id" INT NOT NULL UNIQUE REFERENCES "member" ("id") ON DELETE CASCADE
);
CREATE TABLE "archive" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "content" BLOB,
    "sha256" VARCHAR(64) NOT NULL,
    "asked_at" TIMESTAMP NOT NULL,
    "made_at" TIMESTAMP,
    "expires_at" TIMESTAMP,
    "member_id" INT NOT NULL UNIQUE REFERENCES "member" ("id") ON DELETE CASCADE
);
CREATE TABLE "identification" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "member_id" INT NOT NULL UNIQUE,
    "sealed" TEXT NOT NULL  /* name, handle, address, dates: JSON, sealed */,
    "created_at" TIMESTAMP NOT NULL,
    "purge_at" TIMESTAMP NOT NULL
);
CREATE INDEX "idx_identificat_purge_a_46af76" ON "identification" ("purge_at");
CREATE TABLE "identity" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "issuer" VARCHAR(255) NOT NULL,
    "subject" VARCHAR(255) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_identity_issuer_187ef1" UNIQUE ("issuer", "subject")
);
CREATE INDEX "idx_identity_member__2803c9" ON "identity" ("member_id");
CREATE TABLE "invitation" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "email" VARCHAR(254),
    "email_key" VARCHAR(254)  UNIQUE,
    "name" VARCHAR(60) NOT NULL,
    "organisation" VARCHAR(120) NOT NULL,
    "profession" VARCHAR(80) NOT NULL,
    "territory" VARCHAR(80) NOT NULL,
    "locale" VARCHAR(2) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL,
    "accepted_at" TIMESTAMP,
    "inviter_id" INT REFERENCES "member" ("id") ON DELETE SET NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE SET NULL
);
CREATE INDEX "idx_invitation_inviter_ad1566" ON "invitation" ("inviter_id");
CREATE INDEX "idx_invitation_member__52e979" ON "invitation" ("member_id");
CREATE TABLE "invitation_batch" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "lines" TEXT NOT NULL  /* what each line asks and what is wrong with it, JSON, sealed */,
    "created_at" TIMESTAMP NOT NULL,
    "sent_at" TIMESTAMP,
    "sent" INT NOT NULL  /* how many invitations left */,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_invitation__created_db9dc2" ON "invitation_batch" ("created_at");
CREATE INDEX "idx_invitation__member__f9d418" ON "invitation_batch" ("member_id");
CREATE TABLE "journal_head" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "entries" INT NOT NULL,
    "chain" VARCHAR(64) NOT NULL DEFAULT ''
);
CREATE TABLE "link" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "token_hash" VARCHAR(64) NOT NULL UNIQUE,
    "purpose" VARCHAR(16) NOT NULL  /* SIGN_UP: sign_up\nINVITATION: invitation\nRESET: reset\nCONFIRM: confirm\nOLD_ADDRESS: old_address\nNEW_ADDRESS: new_address */,
    "subject" INT NOT NULL  /* id of the sign-up, invitation, address change or member */,
    "created_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL
, "undelivered" VARCHAR(500)   /* why the mail that held it will never arrive */);
CREATE INDEX "idx_link_expires_0acf24" ON "link" ("expires_at");
CREATE TABLE "mail" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "address" VARCHAR(254) NOT NULL,
    "template" VARCHAR(40) NOT NULL,
    "locale" VARCHAR(2) NOT NULL,
    "content" TEXT NOT NULL  /* what the template is filled with, JSON, sealed */,
    "created_at" TIMESTAMP NOT NULL
);
CREATE TABLE "provider_visit" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "state_hash" VARCHAR(64) NOT NULL UNIQUE,
    "browser_hash" VARCHAR(64) NOT NULL  /* of the cookie of the browser that left */,
    "sealed" TEXT NOT NULL  /* nonce, code verifier, way back, then claims: sealed */,
    "created_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_provider_vi_member__34f8ca" ON "provider_visit" ("member_id");
CREATE TABLE "recovery_code" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "code_hash" VARCHAR(64) NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE CASCADE
);
CREATE INDEX "idx_recovery_co_member__b70c06" ON "recovery_code" ("member_id");
CREATE TABLE "second_factor" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "secret" TEXT NOT NULL  /* sealed */,
    "last_step" BIGINT NOT NULL  /* the time step of the last code: none is taken twice */,
    "created_at" TIMESTAMP NOT NULL,
    "member_id" INT NOT NULL UNIQUE REFERENCES "member" ("id") ON DELETE CASCADE
);
CREATE TABLE "sign_up" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "name" VARCHAR(60) NOT NULL,
    "email" VARCHAR(254) NOT NULL,
    "password_hash" VARCHAR(255) NOT NULL,
    "organisation" VARCHAR(120) NOT NULL,
    "profession" VARCHAR(80) NOT NULL,
    "territory" VARCHAR(80) NOT NULL,
    "charter_version" VARCHAR(64) NOT NULL,
    "locale" VARCHAR(2) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "expires_at" TIMESTAMP NOT NULL
);
CREATE INDEX "idx_sign_up_expires_e0a8fd" ON "sign_up" ("expires_at");
CREATE TRIGGER journal_entry_kept BEFORE UPDATE ON journal_entry
          WHEN (NEW.id, NEW.at, NEW.actor_id, NEW.act, NEW.thing, NEW.thing_id, NEW.working_group_id, NEW.words_digest, NEW.chain) IS NOT (OLD.id, OLD.at, OLD.actor_id, OLD.act, OLD.thing, OLD.thing_id, OLD.working_group_id, OLD.words_digest, OLD.chain) OR NEW.redacted_at IS NULL
          BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END;
CREATE TRIGGER journal_entry_stays BEFORE DELETE ON journal_entry
          BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END;
CREATE TRIGGER journal_head_advances BEFORE UPDATE ON journal_head WHEN NEW.entries <= OLD.entries
          BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END;
CREATE TRIGGER journal_head_stays BEFORE DELETE ON journal_head
          BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END;
CREATE TABLE "answer" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "number" SMALLINT NOT NULL  /* 1, 2, 3… of its proposal */,
    "decision" VARCHAR(16) NOT NULL  /* RETAINED: retenue\nPARTLY: partiellement\nREJECTED: non retenue\nUNDER_STUDY: etude */,
    "reason" TEXT NOT NULL  /* plain text */,
    "service" VARCHAR(200) NOT NULL  /* who answers for the administration */,
    "decided_on" DATE NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "agent_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_answer_proposa_1aaac4" UNIQUE ("proposal_id", "number")
);
CREATE INDEX "idx_answer_agent_i_9354f4" ON "answer" ("agent_id");
CREATE TABLE "distinction" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "one_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    "other_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_distinction_one_id_83ba38" UNIQUE ("one_id", "other_id")
);
CREATE INDEX "idx_distinction_member__4f61b0" ON "distinction" ("member_id");
CREATE INDEX "idx_distinction_other_i_8258ab" ON "distinction" ("other_id");
CREATE TABLE "proposal_merge" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "merged_at" TIMESTAMP NOT NULL,
    "undone_at" TIMESTAMP,
    "destination_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "source_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_proposal_me_destina_7996e0" ON "proposal_merge" ("destination_id");
CREATE INDEX "idx_proposal_me_member__887c45" ON "proposal_merge" ("member_id");
CREATE INDEX "idx_proposal_me_source__5899ad" ON "proposal_merge" ("source_id");
CREATE TABLE "obligation" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "words" VARCHAR(500) NOT NULL,
    "due_on" DATE NOT NULL,
    "done_on" DATE,
    "done_words" VARCHAR(500) NOT NULL  /* what was done */,
    "created_at" TIMESTAMP NOT NULL,
    "agent_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_obligation_agent_i_0039ce" ON "obligation" ("agent_id");
CREATE INDEX "idx_obligation_proposa_7c0c06" ON "obligation" ("proposal_id");
CREATE TABLE "proposal_turn" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "turn" VARCHAR(16) NOT NULL  /* PROPOSED: proposed\nAMENDED: amended\nCERTIFIED: certified\nUNCERTIFIED: uncertified\nWITHDRAWN: withdrawn\nSET_ASIDE: set aside\nTAKEN_BACK: taken back\nMERGED: merged\nRECEIVED: received\nUNMERGED: unmerged\nGAVE_BACK: gave back\nANSWERED: answered\nDONE: done\nNOT_DONE: not done\nCARRIED_OUT: carried out */,
    "version" INT,
    "reason" VARCHAR(500) NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "other_id" INT REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_proposal_tu_member__360f01" ON "proposal_turn" ("member_id");
CREATE INDEX "idx_proposal_tu_other_i_3e0069" ON "proposal_turn" ("other_id");
CREATE INDEX "idx_proposal_tu_proposa_fe03b7" ON "proposal_turn" ("proposal_id");
CREATE TABLE "treatment" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "outcome" VARCHAR(16) NOT NULL  /* TREATED: treated\nNO_FOLLOW_UP: no follow-up */,
    "revision" INT NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "treated_at" TIMESTAMP NOT NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "post_id" INT NOT NULL UNIQUE REFERENCES "post" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_treatment_member__ae3577" ON "treatment" ("member_id");
CREATE TABLE "notification" (
        id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
        member_id INT NOT NULL REFERENCES member (id) ON DELETE RESTRICT,
        post_id INT  REFERENCES post (id) ON DELETE RESTRICT,
        event VARCHAR(16) NOT NULL,
        created_at TIMESTAMP NOT NULL,
        read_at TIMESTAMP,
        key VARCHAR(80),
        proposal_id INT REFERENCES proposal (id) ON DELETE RESTRICT,
        theme_id INT REFERENCES theme (id) ON DELETE RESTRICT, "case_id" INT REFERENCES "moderation_case" ("id") ON DELETE RESTRICT, "decision_id" INT REFERENCES "moderation_decision" ("id") ON DELETE RESTRICT, "thread_id" INT REFERENCES "thread" ("id") ON DELETE RESTRICT, "mailed_at" TIMESTAMP   /* when a mail about it was asked for, or it was settled that none will leave */,
        UNIQUE (member_id, post_id));
CREATE INDEX notification_post ON notification (post_id);
CREATE INDEX notification_unread ON notification (member_id) WHERE read_at IS NULL;
CREATE UNIQUE INDEX notification_key ON notification (member_id, key);
CREATE INDEX notification_proposal ON notification (proposal_id);
CREATE INDEX notification_theme ON notification (theme_id);
CREATE INDEX ballot_carried_from_id ON ballot (carried_from_id);
CREATE INDEX extract_proposal_id ON extract (proposal_id);
CREATE INDEX journal_entry_thing_id ON journal_entry (thing_id);
CREATE INDEX proposal_in_favour_of_id ON proposal (in_favour_of_id);
CREATE INDEX proposal_merged_into_id ON proposal (merged_into_id);
CREATE INDEX proposal_version_certifier_id ON proposal_version (certifier_id);
CREATE TABLE "published_release" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "closed_at" TIMESTAMP NOT NULL  /* the close that it was the release of */,
    "cells" TEXT NOT NULL  /* JSON: the published cells by attribute and reference */,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_published_r_theme_i_cfc769" UNIQUE ("theme_id", "closed_at")
);
CREATE TRIGGER ballot_form_cast BEFORE INSERT ON ballot WHEN NOT EXISTS (
        SELECT 1 FROM proposal p JOIN theme t ON t.id = p.theme_id
         WHERE p.id = NEW.proposal_id AND CASE t.voting
               WHEN 'pour-contre' THEN NEW.opinion IN ('pour', 'abstention', 'contre')
               WHEN 'soutien' THEN NEW.opinion = 'pour'
               WHEN 'classement' THEN NEW.opinion IN ('1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16', '17', '18', '19', '20')
               WHEN 'jugement' THEN NEW.opinion IN ('0', '1', '2', '3', '4', '5', '6') AND NEW.opinion < CAST(
                    CASE t.mentions WHEN '' THEN 7
                    ELSE LENGTH(t.mentions) - LENGTH(REPLACE(t.mentions, '
', '')) + 1 END AS VARCHAR(10))
               END)
          BEGIN SELECT RAISE(ABORT, 'a ballot says what the kind of vote of its theme knows'); END;
CREATE TRIGGER ballot_form_changed BEFORE UPDATE OF opinion, proposal_id ON ballot WHEN NOT EXISTS (
        SELECT 1 FROM proposal p JOIN theme t ON t.id = p.theme_id
         WHERE p.id = NEW.proposal_id AND CASE t.voting
               WHEN 'pour-contre' THEN NEW.opinion IN ('pour', 'abstention', 'contre')
               WHEN 'soutien' THEN NEW.opinion = 'pour'
               WHEN 'classement' THEN NEW.opinion IN ('1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16', '17', '18', '19', '20')
               WHEN 'jugement' THEN NEW.opinion IN ('0', '1', '2', '3', '4', '5', '6') AND NEW.opinion < CAST(
                    CASE t.mentions WHEN '' THEN 7
                    ELSE LENGTH(t.mentions) - LENGTH(REPLACE(t.mentions, '
', '')) + 1 END AS VARCHAR(10))
               END)
          BEGIN SELECT RAISE(ABORT, 'a ballot says what the kind of vote of its theme knows'); END;
CREATE TABLE "backup" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "made_at" TIMESTAMP NOT NULL  /* the moment of what it holds */,
    "size" BIGINT NOT NULL  /* bytes of its file */
);
CREATE TABLE "withheld" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "thing" VARCHAR(16) NOT NULL  /* POST: post\nPROPOSAL: proposal */,
    "thing_id" INT NOT NULL,
    "table_name" VARCHAR(40) NOT NULL,
    "row_id" INT NOT NULL,
    "words" TEXT NOT NULL  /* JSON: the columns of the row as they were */,
    "ground" VARCHAR(16)   /* why it is hidden */,
    "hidden_at" TIMESTAMP,
    "withdrawn_at" TIMESTAMP,
    CONSTRAINT "uid_withheld_table_n_f8a14f" UNIQUE ("table_name", "row_id")
);
CREATE INDEX "idx_withheld_thing_3ba4ae" ON "withheld" ("thing", "thing_id");
CREATE INDEX post_not_shown ON post (thread_id) WHERE state <> 'shown';
CREATE TABLE "moderation_case" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "thing" VARCHAR(16) NOT NULL  /* POST: post\nPROPOSAL: proposal */,
    "thing_id" INT NOT NULL,
    "open_key" VARCHAR(40)  UNIQUE,
    "opened_at" TIMESTAMP NOT NULL,
    "claimed_at" TIMESTAMP,
    "closed_at" TIMESTAMP,
    "claimed_by_id" INT REFERENCES "member" ("id") ON DELETE SET NULL,
    "working_group_id" INT NOT NULL REFERENCES "working_group" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_moderation__claimed_6c569e" ON "moderation_case" ("claimed_by_id");
CREATE INDEX "idx_moderation__working_e9057e" ON "moderation_case" ("working_group_id");
CREATE INDEX "idx_moderation__thing_a8292d" ON "moderation_case" ("thing", "thing_id");
CREATE TABLE "moderation_decision" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "act" VARCHAR(16) NOT NULL  /* HIDE: hide\nUNHIDE: unhide\nNO_ACTION: no action */,
    "ground" VARCHAR(16)   /* ILLEGAL: illegal\nPERSONAL_DATA: personal data\nCHARTER: charter\nOFF_TOPIC: off topic\nDUPLICATE: duplicate */,
    "facts" VARCHAR(500) NOT NULL,
    "decided_at" TIMESTAMP NOT NULL,
    "statement" TEXT NOT NULL,
    "contest_until" TIMESTAMP,
    "affected_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "case_id" INT NOT NULL REFERENCES "moderation_case" ("id") ON DELETE RESTRICT,
    "decided_by_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_moderation__decided_b5bce7" ON "moderation_decision" ("decided_at");
CREATE INDEX "idx_moderation__affecte_8b78eb" ON "moderation_decision" ("affected_id");
CREATE INDEX "idx_moderation__case_id_817c57" ON "moderation_decision" ("case_id");
CREATE INDEX "idx_moderation__decided_493b78" ON "moderation_decision" ("decided_by_id");
CREATE TABLE "moderation_complaint" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "words" TEXT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "answered_at" TIMESTAMP,
    "outcome" VARCHAR(16)   /* UPHELD: upheld\nREVERSED: reversed */,
    "answer" TEXT NOT NULL,
    "answered_by_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    "decision_id" INT NOT NULL UNIQUE REFERENCES "moderation_decision" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_moderation__created_3787ce" ON "moderation_complaint" ("created_at");
CREATE INDEX "idx_moderation__answere_4d2ac9" ON "moderation_complaint" ("answered_by_id");
CREATE INDEX "idx_moderation__member__94c2bf" ON "moderation_complaint" ("member_id");
CREATE TABLE "moderation_notice" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "thing" VARCHAR(16) NOT NULL  /* POST: post\nPROPOSAL: proposal */,
    "thing_id" INT NOT NULL,
    "revision" INT NOT NULL  /* of the contribution, or version of the proposal, that was read */,
    "ground" VARCHAR(16) NOT NULL  /* ILLEGAL: illegal\nPERSONAL_DATA: personal data\nCHARTER: charter\nOFF_TOPIC: off topic\nDUPLICATE: duplicate */,
    "words" TEXT NOT NULL,
    "address" TEXT NOT NULL  /* of a visitor, sealed, forgotten some time after the decision */,
    "locale" VARCHAR(2) NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "confirmed_at" TIMESTAMP,
    "case_id" INT REFERENCES "moderation_case" ("id") ON DELETE RESTRICT,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT
, "complaint" TEXT NOT NULL  /* why whoever notified contests that nothing was done */ DEFAULT '', "complained_at" TIMESTAMP, "complained_of_id" INT REFERENCES "moderation_decision" ("id") ON DELETE RESTRICT, "answered_by_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT, "answered_at" TIMESTAMP, "outcome" VARCHAR(16)   /* UPHELD: upheld\nREVERSED: reversed */, "answer" TEXT NOT NULL DEFAULT '');
CREATE INDEX "idx_moderation__created_6e67c7" ON "moderation_notice" ("created_at");
CREATE INDEX "idx_moderation__case_id_a3da1e" ON "moderation_notice" ("case_id");
CREATE INDEX "idx_moderation__member__4fa415" ON "moderation_notice" ("member_id");
CREATE INDEX notification_case ON notification (case_id);
CREATE INDEX notification_decision ON notification (decision_id);
CREATE TABLE "thread_turn" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "act" VARCHAR(16) NOT NULL  /* RENAMED: renamed\nLOCKED: locked\nUNLOCKED: unlocked\nPINNED: pinned\nUNPINNED: unpinned */,
    "before" VARCHAR(200) NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "member_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "thread_id" INT NOT NULL REFERENCES "thread" ("id") ON DELETE RESTRICT
, "other_id" INT REFERENCES "thread" ("id") ON DELETE RESTRICT, "undone_at" TIMESTAMP, "from_theme_id" INT REFERENCES "theme" ("id") ON DELETE RESTRICT, "to_theme_id" INT REFERENCES "theme" ("id") ON DELETE RESTRICT);
CREATE INDEX "idx_thread_turn_member__3697c5" ON "thread_turn" ("member_id");
CREATE INDEX "idx_thread_turn_thread__f1acf1" ON "thread_turn" ("thread_id");
CREATE INDEX notification_thread ON notification (thread_id);
CREATE TABLE "sign_of_life" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "who" VARCHAR(16) NOT NULL UNIQUE /* the workers, or the site by a write */,
    "at" TIMESTAMP NOT NULL
);
CREATE TABLE "moved_post" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "number_before" INT NOT NULL,
    "number_after" INT NOT NULL,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT,
    "turn_id" INT NOT NULL REFERENCES "thread_turn" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_moved_post_turn_id_779f5e" UNIQUE ("turn_id", "post_id")
);
CREATE INDEX "idx_moved_post_post_id_22048a" ON "moved_post" ("post_id");
CREATE INDEX thread_moved_into ON thread (moved_into_id);
CREATE INDEX thread_turn_other ON thread_turn (other_id);
CREATE TABLE "unknown_tag" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "number" SMALLINT NOT NULL,
    "state" VARCHAR(16) NOT NULL  /* WAITING: waiting\nCONFIRMED: confirmed\nREMOVED: removed */,
    "created_at" TIMESTAMP NOT NULL,
    "post_id" INT NOT NULL REFERENCES "post" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_unknown_tag_post_id_9d1bc2" UNIQUE ("post_id", "number")
);
CREATE INDEX thread_turn_from ON thread_turn (from_theme_id);
CREATE INDEX thread_turn_to ON thread_turn (to_theme_id);
CREATE TABLE "reception" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "origin" VARCHAR(16) NOT NULL  /* LETTER: letter\nMAIL: mail\nWORKSHOP: workshop\nTELEPHONE: telephone\nOTHER: other */,
    "channel" VARCHAR(60) NOT NULL,
    "received_on" DATE NOT NULL,
    "name" VARCHAR(120) NOT NULL,
    "organisation" VARCHAR(200) NOT NULL,
    "post_id" INT NOT NULL UNIQUE REFERENCES "post" ("id") ON DELETE RESTRICT
);
CREATE TABLE "excluded_vote" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "reason" VARCHAR(500) NOT NULL,
    "excluded_at" TIMESTAMP NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_excluded_vo_theme_i_8c56e4" UNIQUE ("theme_id", "member_id")
);
CREATE INDEX "idx_excluded_vo_member__595d40" ON "excluded_vote" ("member_id");
CREATE TABLE "pending_post" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "title" VARCHAR(200) NOT NULL,
    "source" TEXT NOT NULL  /* Markdown, as written so far */,
    "state" VARCHAR(16) NOT NULL  /* WAITING: waiting\nACCEPTED: accepted\nREFUSED: refused\nGIVEN_UP: given up */,
    "version" INT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "edited_at" TIMESTAMP,
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
CREATE TABLE "thread_read" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "number" INT NOT NULL,
    "read_at" TIMESTAMP NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    "thread_id" INT NOT NULL REFERENCES "thread" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_thread_read_member__9cdaed" UNIQUE ("member_id", "thread_id")
);
CREATE INDEX "idx_thread_read_thread__8d021c" ON "thread_read" ("thread_id");
CREATE INDEX moderation_notice_contested ON moderation_notice (complained_of_id);
CREATE INDEX moderation_notice_answered ON moderation_notice (answered_by_id);
CREATE TABLE "ballot_key" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "secret" VARCHAR(64) NOT NULL  /* random, hexadecimal */,
    "member_id" INT NOT NULL UNIQUE REFERENCES "member" ("id") ON DELETE RESTRICT
);
CREATE TABLE "ballot_sheet" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "closed_at" TIMESTAMP NOT NULL  /* the close whose ballots these are */,
    "counts" TEXT NOT NULL  /* JSON: how many lines say what, by reference */,
    "salt" VARCHAR(64) NOT NULL  /* random, so that no token is in two sheets */,
    "content" TEXT NOT NULL  /* CSV */,
    "sha256" VARCHAR(64) NOT NULL UNIQUE,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT
);
CREATE INDEX "idx_ballot_shee_theme_i_b1139b" ON "ballot_sheet" ("theme_id");
CREATE TABLE "synthesis_block" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "kind" VARCHAR(24) NOT NULL  /* ESSENTIALS: texte-essentiel\nINTRODUCTION: texte-introduction\nCONVERGENCES: texte-convergences\nDIVERGENCES: texte-divergences\nMINORITY: texte-minoritaires\nCOMMENT: texte-commentaire\nCONCLUSION: texte-conclusion\nRESERVE: texte-reserve */,
    "subject" VARCHAR(32) NOT NULL  /* of a comment: the reference of its proposal */ DEFAULT '',
    "number" INT NOT NULL  /* 1, 2, 3… within its block */,
    "source" TEXT NOT NULL  /* Markdown, empty when its words were taken away */,
    "html" TEXT NOT NULL  /* safe, with empty quote elements filled when a page is joined */,
    "plain" TEXT NOT NULL,
    "rewrites" INT NOT NULL  /* how many times its words changed otherwise than by a version */ DEFAULT 0,
    "written_at" TIMESTAMP NOT NULL,
    "author_id" INT REFERENCES "member" ("id") ON DELETE RESTRICT,
    "synthesis_id" INT NOT NULL REFERENCES "synthesis" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_synthesis_b_synthes_2d14b4" UNIQUE ("synthesis_id", "kind", "subject", "number")
);
CREATE INDEX "idx_synthesis_b_author__4c2c32" ON "synthesis_block" ("author_id");
CREATE TABLE "text_pass" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "version" SMALLINT NOT NULL UNIQUE,
    "last_revision" INT NOT NULL,
    "read" INT NOT NULL,
    "changed" INT NOT NULL,
    "kept" INT NOT NULL,
    "begun_at" TIMESTAMP NOT NULL,
    "finished_at" TIMESTAMP
);
CREATE TABLE "search_entry" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "kind" VARCHAR(16) NOT NULL  /* POST: contributions\nPROPOSAL: propositions\nMEETING: reunions\nMINUTES: comptes-rendus\nANSWER: reponses\nSYNTHESIS: syntheses */,
    "thing_id" INT NOT NULL,
    "version" SMALLINT NOT NULL  /* of the reading of words that made it */,
    "words" TEXT NOT NULL  /* folded, in their order, of the title, of its own, of what it quotes */,
    "lexemes" TEXT NOT NULL  /* what it is found by, each once, with where it stands */,
    CONSTRAINT "uid_search_entr_kind_a2caf1" UNIQUE ("kind", "thing_id")
);
CREATE VIRTUAL TABLE search_words USING fts5(
    lexemes, content='search_entry', content_rowid='id', detail=none, columnsize=0, prefix='4 5', tokenize='ascii'
);
CREATE TRIGGER search_entry_comes AFTER INSERT ON search_entry BEGIN
    INSERT INTO search_words (rowid, lexemes) VALUES (new.id, new.lexemes);
END;
CREATE TRIGGER search_entry_goes AFTER DELETE ON search_entry BEGIN
    INSERT INTO search_words (search_words, rowid, lexemes) VALUES ('delete', old.id, old.lexemes);
END;
CREATE TRIGGER search_entry_stays BEFORE UPDATE ON search_entry BEGIN
    SELECT RAISE(ABORT, 'an entry is deleted and written anew');
END;
CREATE TABLE "signature" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "content" BLOB NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "signed" VARCHAR(64) NOT NULL  /* SHA-256 of the hashes that it is about */,
    "signer" VARCHAR(300) NOT NULL,
    "issuer" VARCHAR(300) NOT NULL,
    "fingerprint" VARCHAR(64) NOT NULL  /* SHA-256 of the certificate */,
    "deposited_at" TIMESTAMP NOT NULL,
    "synthesis_id" INT NOT NULL UNIQUE REFERENCES "synthesis" ("id") ON DELETE CASCADE
);
CREATE TABLE "post_draft" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "kind" VARCHAR(16) NOT NULL  /* IN_THREAD: in thread\nANSWER: answer to post\nEDIT: edit of post\nOPENING: new thread */,
    "thing" INT NOT NULL,
    "title" TEXT NOT NULL  /* of a new thread, as typed */,
    "source" TEXT NOT NULL  /* Markdown, as typed, with the marks of quotes */,
    "base" INT NOT NULL,
    "version" INT NOT NULL,
    "rewrites" INT NOT NULL  /* how many times its words changed otherwise than by their author */ DEFAULT 0,
    "form_key" VARCHAR(43) NOT NULL,
    "saved_at" TIMESTAMP NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_post_draft_member__df38ca" UNIQUE ("member_id", "kind", "thing")
);
CREATE TABLE "sent_form" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "key" VARCHAR(43) NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "draft" INT,
    "sent_at" TIMESTAMP NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    "pending_id" INT REFERENCES "pending_post" ("id") ON DELETE RESTRICT,
    "post_id" INT REFERENCES "post" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_sent_form_member__a81790" UNIQUE ("member_id", "key")
);
CREATE INDEX "idx_sent_form_pending_89410f" ON "sent_form" ("pending_id");
CREATE INDEX "idx_sent_form_post_id_b1d9f8" ON "sent_form" ("post_id");
CREATE TABLE "kept_result" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "basis" VARCHAR(64) NOT NULL  /* digest of what it was reckoned from, beside the ballots */,
    "facts" TEXT NOT NULL  /* JSON: the order, the methods, how many people voted */,
    "pairs" TEXT NOT NULL  /* JSON: for an order of preference, the matrix of pairs */,
    "theme_id" INT NOT NULL REFERENCES "theme" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_kept_result_theme_i_5e639e" UNIQUE ("theme_id")
);
CREATE TABLE "kept_place" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "facts" TEXT NOT NULL  /* JSON: its figures and its ranks */,
    "cells" TEXT NOT NULL  /* JSON: what is published of the declared groups */,
    "proposal_id" INT NOT NULL REFERENCES "proposal" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_kept_place_proposa_c18e5f" UNIQUE ("proposal_id")
);
CREATE TABLE "follow" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
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
CREATE INDEX post_created ON post (created_at);
CREATE INDEX proposal_turn_at ON proposal_turn (at);
CREATE TABLE "mail_wish" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "kind" VARCHAR(16) NOT NULL  /* ADDRESSED: addressed\nFOLLOWED: followed */,
    "pace" VARCHAR(16) NOT NULL  /* AT_ONCE: at once\nDAILY: each day\nWEEKLY: each week\nNEVER: no mail */,
    "since" TIMESTAMP NOT NULL,
    "due_at" TIMESTAMP NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE RESTRICT,
    CONSTRAINT "uid_mail_wish_member__f60a58" UNIQUE ("member_id", "kind")
);
CREATE INDEX "idx_mail_wish_due_at_e821cd" ON "mail_wish" ("due_at");
CREATE INDEX notification_unmailed ON notification (member_id) WHERE mailed_at IS NULL;
CREATE TABLE "bounce" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "mail" INT NOT NULL,
    "status" VARCHAR(12) NOT NULL,
    "at" TIMESTAMP NOT NULL,
    "member_id" INT NOT NULL REFERENCES "member" ("id") ON DELETE CASCADE,
    CONSTRAINT "uid_bounce_member__86a780" UNIQUE ("member_id", "mail")
);
CREATE INDEX "idx_bounce_at_9fb61d" ON "bounce" ("at");

INSERT INTO "journal_head" ("id", "entries", "chain") VALUES (1, 0, '');
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0001_initial', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0002_unread', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0003_people', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0004_journal_chain', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0005_proposals', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0006_booleans', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0007_undelivered', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0008_releases', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0009_ballot_form', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0010_backup', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0011_withheld', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0012_cases', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0013_threads', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0014_sign_of_life', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0015_moved_posts', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0016_unknown_tags', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0017_threads_between_themes', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0018_receptions', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0019_judged_and_hidden', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0020_closed_by_hand', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0021_excluded_votes', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0022_pending_posts', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0023_thread_reads', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0024_notifiers_complaints', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0025_rewrites', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0026_ballot_sheets', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0027_synthesis_blocks', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0028_text_passes', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0029_search', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0030_signature', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0031_post_drafts', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0032_kept_results', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0033_follows', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0034_mails_of_news', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
INSERT INTO "tortoise_migrations" ("app", "name", "applied_at") VALUES ('forum', '0035_bounces', strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'));
