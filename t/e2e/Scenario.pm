# What must hold through any MTA: the same dialogue with Postfix and Sendmail.
package Scenario;

use strict;
use warnings;
use Lab;
use Test::More;

our $REF = qr/\[ref [0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{5}\]/;

our %REFUSED = (
	spam  => qr/^554 5\.7\.1 Message cannot be accepted, spam rejection $REF/,
	rules => qr/^554 5\.7\.1 Message cannot be accepted, rules rejection $REF/,
	dict  => qr/^554 5\.7\.1 Message refused by Dictionary check $REF/,
);

# Small rules of the test's own, so that no shipped rule decides.
sub write_rules {
	my ($lab) = @_;
	$lab->write_file("$lab->{dir}/rules/test.cf", <<'EOF');
body     TEST_SPAM   /GREEN-SPOTTED-PARROT/
score    TEST_SPAM   12
describe TEST_SPAM   scores above the threshold by itself
body     TEST_TAG    /BLUE-SPOTTED-PARROT/
score    TEST_TAG    6
body     TEST_RULE   /RED-SPOTTED-PARROT/
score    TEST_RULE   0.1
if can(Postern::action)
action   TEST_RULE   reject
endif
header   TEST_FORGED X-Spam-Flag =~ /./
score    TEST_FORGED 50
EOF
	$lab->write_file("$lab->{dir}/rules/test.dict", <<'EOF');
name       parrots
title      Birds nobody asked for
threshold  10
fields     subject text html
---
6     cockatoo
6     "yellow spotted parrot"
EOF
	chmod 0644, glob("$lab->{dir}/rules/*");
	return "$lab->{dir}/rules";
}

sub message {
	my ($text, %o) = @_;
	my $extra = $o{headers} || '';
	return "From: Ann <ann\@client.example>\nTo: you\@postern.test\nSubject: "
		. ($o{subject} || 'hello') . "\nDate: Tue, 24 Nov 2026 10:00:00 +0000\n"
		. "Message-ID: <" . int(rand 1e9) . "\@client.example>\n$extra\n$text\n";
}

our %TEXT = (
	clean => "Dear Bob,\n\nthe minutes of Tuesday are in the usual place.\n\nAnn",
	spam  => "look at my GREEN-SPOTTED-PARROT now",
	tag   => "look at my BLUE-SPOTTED-PARROT now",
	rules => "look at my RED-SPOTTED-PARROT now",
	dict  => "a cockatoo, and a yellow spotted parrot",
);

sub run {
	my ($kind, %o) = @_;
	plan skip_all => 'needs root to start an MTA' if $> != 0;
	my $lab = Lab->new(%o);
	my $rules = write_rules($lab);
	my $redis = $lab->start_redis;
	$lab->start_posternd(rules => $rules, redis => $redis, local_domains => 'postern.test',
		trusted_networks => '10.99.99.0/24', reply_url => 'https://postmaster.example/r/');
	my $port = $lab->start_mta($kind);
	plan skip_all => "no private $kind on this machine" unless $port;

	three_refusals($lab, $port);
	accepted_mail($lab, $port, $kind);
	many_messages($lab, $port);
	resets($lab, $port);
	odd_mail($lab, $port, $kind);
	pipelined($lab, $port);
	explains($lab, $port);
	large($lab, $port) if $kind eq 'postfix';
	unknown_recipients($lab, $port) if $kind eq 'postfix';
	ok $lab->alive('posternd'), 'posternd is still there';
	unlike $lab->log, qr/problem=/, 'nothing libmilter refused';
	return $lab;
}

sub three_refusals {
	my ($lab, $port) = @_;
	for my $class (sort keys %REFUSED) {
		my $c = Lab::SMTP->new($port);
		$c->cmd('EHLO client.example');
		my $r = $c->deliver('ann@client.example', 'you@postern.test', message($TEXT{$class}));
		like $r, $REFUSED{$class}, "$class: exact reply";
		like $r, qr{https://postmaster\.example/r/[0-9A-Z]{9}$}, "$class: the URL closes the line";
		cmp_ok length $r, '<=', 220, "$class: one short line";
		unlike $r, qr/\n/, "$class: one line";
		like $c->quit, qr/^221/, "$class: the session goes on";
	}
}

sub accepted_mail {
	my ($lab, $port, $kind) = @_;
	$lab->clear_delivered($kind);
	my $c = Lab::SMTP->new($port);
	$c->cmd('EHLO client.example');
	my $forged = "X-Spam-Flag: NO\nX-Postern: score=-99\nX-Spam-Flag: NO\nX-Spam-Status: No\nX-Spam-Flag: NO\n";
	my $r = $c->deliver('ann@client.example', 'you@postern.test', message($TEXT{tag}, headers => $forged));
	like $r, qr/^250/, 'tagged mail is accepted';
	$c->quit;
	$lab->wait_for('delivery', 20, sub { scalar(my @mail = $lab->delivered($kind)) });
	my ($text) = $lab->delivered($kind);
	my ($head) = split /\r?\n\r?\n/, $text;
	my @flags = $head =~ /^(X-Spam-Flag:.*)$/mg;
	is_deeply [ map { s/\r//r } @flags ], ['X-Spam-Flag: YES'], 'forged flags are gone, ours stands once';
	my @own = $head =~ /^(X-Postern:.*?)\r?$/mg;
	is scalar(@own), 1, 'one X-Postern';
	like $own[0], qr/^X-Postern: score=6\.0, ref=[0-9A-Z]{4}-[0-9A-Z]{5}$/, 'with score and reference, one blank';
	like $head, qr/^X-Spam-Status: Yes, score=6\.0 required=5\.0/m, 'X-Spam-Status as SpamAssassin writes it';
	like $head, qr/TEST_TAG/, 'and names the rule';
	unlike $head, qr/TEST_FORGED/, 'forged headers decide nothing';
	like $head, qr/^X-Spam-Level: \*{6}\r?$/m, 'six stars';
}

sub many_messages {
	my ($lab, $port) = @_;
	my $c = Lab::SMTP->new($port);
	$c->cmd('EHLO client.example');
	my %refs;
	for my $class (qw(clean spam clean rules dict clean tag spam clean)) {
		my $r = $c->deliver('ann@client.example', [ 'you@postern.test', 'too@postern.test' ], message($TEXT{$class}));
		if ($REFUSED{$class}) {
			like $r, $REFUSED{$class}, "same session: $class is refused";
			my ($ref) = $r =~ /\[ref (\S+)\]/;
			ok !$refs{$ref}++, 'each message has its own reference';
		} else {
			like $r, qr/^250/, "same session: $class passes after what came before";
		}
	}
	$c->quit;
}

sub resets {
	my ($lab, $port) = @_;
	my $c = Lab::SMTP->new($port);
	$c->cmd('EHLO client.example');
	like $c->cmd('RSET'), qr/^250/, 'RSET after EHLO';
	$c->cmd('MAIL FROM:<ann@client.example>');
	like $c->cmd('RSET'), qr/^250/, 'RSET after MAIL';
	$c->cmd('MAIL FROM:<ann@client.example>');
	$c->cmd('RCPT TO:<you@postern.test>');
	like $c->cmd('RSET'), qr/^250/, 'RSET after RCPT';
	like $c->deliver('ann@client.example', 'you@postern.test', message($TEXT{spam})), $REFUSED{spam}, 'then spam';
	like $c->cmd('RSET'), qr/^250/, 'RSET after a refusal';
	like $c->deliver('', 'you@postern.test', message($TEXT{clean})), qr/^250/, 'then clean mail from the null sender';
	$c->cmd('MAIL FROM:<ann@client.example>');
	like $c->cmd('EHLO again.example'), qr/^250/m, 'EHLO in mid-transaction';
	like $c->deliver('ann@client.example', 'you@postern.test', message($TEXT{clean})), qr/^250/, 'and mail after it';
	$c->quit;
}

sub odd_mail {
	my ($lab, $port, $kind) = @_;
	my %odd = (
		'no headers'      => "\njust a body\n",
		'no body'         => "Subject: nothing\n",
		'empty'           => "\n",
		'8-bit header'    => "Subject: caf\xe9\nFrom: \xff\xfe\@x\n\nbody\n",
		'open multipart'  => "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n",
		'broken base64'   => "MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n==!!==\xff\n",
		'folded to death' => "Subject: a\n" . join('', map { " fold $_\n" } 1 .. 500) . "\nbody\n",
		'nested html'     => "MIME-Version: 1.0\nContent-Type: text/html\n\n" . ('<div>' x 5000) . "x\n",
		'control bytes'   => "Subject: \x01\x02\n\n\x1b[2J \x7f\n",
	);
	my $c = Lab::SMTP->new($port);
	$c->cmd('EHLO client.example');
	for my $name (sort keys %odd) {
		my $r = $c->deliver('ann@client.example', 'you@postern.test', $odd{$name});
		like $r, qr/^(?:250|552|554 5\.6)/, "odd mail, $name: answered";
	}
	my $hidden = "MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nbG9vayBhdCBteSBHUkVFTi1TUE9UVEVELVBBUlJPVCBub3cK\n";
	like $c->deliver('ann@client.example', 'you@postern.test', $hidden), $REFUSED{spam}, 'spam inside base64 is seen';
	$c->quit;
}

sub pipelined {
	my ($lab, $port) = @_;
	my $c = Lab::SMTP->new($port);
	$c->cmd('EHLO client.example');
	$c->send('MAIL FROM:<ann@client.example>', 'RCPT TO:<you@postern.test>', 'RCPT TO:<too@postern.test>', 'DATA');
	like $c->reply, qr/^250/, "pipelined $_" for qw(MAIL RCPT RCPT);
	like $c->reply, qr/^354/, 'pipelined DATA';
	my $text = message($TEXT{rules}) =~ s/\n/\r\n/gr;
	print { $c->{s} } $text, ".\r\nMAIL FROM:<ann\@client.example>\r\nRCPT TO:<you\@postern.test>\r\nQUIT\r\n";
	like $c->reply, $REFUSED{rules}, 'refused at the dot';
	like $c->reply, qr/^250/, 'the next transaction begins';
	like $c->reply, qr/^250/, 'and its recipient is taken';
	like $c->reply, qr/^221/, 'and QUIT in it is clean';
}

sub explains {
	my ($lab, $port) = @_;
	my $c = Lab::SMTP->new($port);
	$c->cmd('EHLO client.example');
	my $r = $c->deliver('ann@client.example', 'you@postern.test', message($TEXT{rules}));
	$c->quit;
	my ($ref) = $r =~ /\[ref (\S+)\]/;
	like $lab->log, qr/ message queue=[0-9A-Za-z]+ ref=$ref client=127\.0\.0\.1 .*verdict=reject class=rules/, 'log line: queue id, reference, client, verdict';
	my $out = '';
	$lab->wait_for('record in Redis', 10, sub {
		(my $rc, $out) = $lab->postern('why', lc($ref =~ s/-//r));
		$rc == 0;
	});
	like $out, qr/^\s+decided by\s+rules TEST_RULE/m, 'postern why says what decided';
	like $out, qr/client\s+127\.0\.0\.1/, 'and who it was';
	like $out, qr/test\.cf:\d+/, 'and its file and line';
}

# 50 MB: judged by what the limit keeps, memory bounded, and still delivered.
sub large {
	my ($lab, $port) = @_;
	my $c = Lab::SMTP->new($port);
	$c->cmd('EHLO client.example');
	my $line = '0123456789abcdef' x 4 . "\n";
	my $r = $c->deliver('ann@client.example', 'you@postern.test', message($line x (50 * 1024 * 1024 / 65)));
	like $r, qr/^250/, 'a 50 MB mail is accepted';
	my ($rss) = $lab->slurp('/proc/' . $lab->pid('posternd') . '/status') =~ /VmHWM:\s+(\d+)/;
	cmp_ok $rss, '<', 400 * 1024, "resident peak stays bounded ($rss kB)" unless $lab->{build} =~ /asan/;
	like $lab->log, qr/truncated=yes/, 'and the log says it was cut';
	$c->quit;
}

sub unknown_recipients {
	my ($lab, $port) = @_;
	my $c = Lab::SMTP->new($port);
	$c->cmd('EHLO client.example');
	$c->cmd('MAIL FROM:<ann@client.example>');
	like $c->cmd('RCPT TO:<unknown@postern.test>'), qr/^5/, 'the MTA refuses a recipient itself';
	like $c->cmd('RCPT TO:<you@postern.test>'), qr/^250/, 'another is fine';
	like $c->data(message($TEXT{clean})), qr/^250/, 'and the mail goes to that one';
	$c->quit;
	my (undef, $out) = $lab->postern('status', '--json');
	like $out, qr/"rcpt_refused_by_mta":\s*1\b/, 'the MTA-made refusal is counted';
}

1;
