#!/usr/bin/perl
# The ten refusals through a real Postfix and a real Sendmail: exact text, at which
# step, for whom, and in which order.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lab;
use MilterClient;
use Refusals;
use Scenario;
use Test::More;

plan skip_all => 'needs root to start an MTA' if $> != 0;
Refusals::enter_network();
my $public = Refusals::public_clients();

my $lab = Lab->new;
my $redis = Lab::has_command('redis-server') ? $lab->start_redis : 'none';
my $dns = Refusals::start($lab, redis => $redis);
my $sock = "$lab->{dir}/run/milter.sock";

# A client that sends nothing but spam, until it is listed.
sub make_listed {
	my ($ip) = @_;
	my $m = MilterClient->new($sock, client => $ip);
	$lab->wait_for("$ip to be listed", 60, sub {
		$m->message(to => [ 'u' . int(rand 1000) . '@postern.test' ], text => $Scenario::TEXT{spam}) for 1 .. 20;
		my (undef, $out) = $lab->postern('rep', 'show', '--json', $ip);
		$out =~ /"state":\s*"listed"/;
	});
	$m->quit;
}
make_listed('203.0.20.20');

# ---- the table ------------------------------------------------------------------------

my $ME = 'you@postern.test';
my $ANN = 'ann@client.example';
my @ROWS = (
	{ row => 1, name => 'client list', ip => '203.0.1.10',
		text => '<unknown[203.0.1.10]>: Client host rejected: Access denied' },
	{ row => 1, name => 'HELO list', ip => '203.0.10.1', helo => 'liar.example',
		text => '<unknown[203.0.10.1]>: Client host rejected: Access denied' },
	{ row => 1, name => 'client list with its own text', ip => '203.0.4.10', text => 'Not from 203.0.4.10' },
	{ row => 1, name => 'client list, temporary', ip => '203.0.4.11', code => '451 4.7.1',
		text => '<unknown[203.0.4.11]>: Client host rejected: Access denied; try again later' },
	{ row => 2, name => 'client DNS list', ip => '203.0.5.7',
		text => 'Service unavailable; Client host [203.0.5.7] blocked using bl.test; Spam source, see https://bl.test/q' },
	{ row => 3, name => 'relay guard', ip => '203.0.10.3', to => 'x@elsewhere.example', good => 1,
		text => '<x@elsewhere.example>: Relay access denied' },
	{ row => 4, name => 'recipient list', ip => '203.0.10.4', to => 'old@postern.test', good => 1,
		text => '<old@postern.test>: Recipient address rejected: Access denied' },
	{ row => 4, name => 'recipient list, temporary', ip => '203.0.10.4', to => 'later@postern.test', good => 1,
		code => '451 4.7.1', text => '<later@postern.test>: Recipient address rejected: Access denied; try again later' },
	{ row => 4, name => 'trap', ip => '203.0.16.4', sendmail => '203.0.17.4', to => 'trap@postern.test', good => 1,
		text => '<trap@postern.test>: Recipient address rejected: Access denied' },
	{ row => 5, name => 'rule', ip => '203.0.10.5', mail => 'rules', text => 'Message cannot be accepted, rules rejection' },
	{ row => 6, name => 'dictionary', ip => '203.0.10.6', mail => 'dict', text => 'Message refused by Dictionary check' },
	{ row => 7, name => 'relay right for one domain', ip => '203.0.14.7', to => 'x@elsewhere.example', good => 1,
		text => '<x@elsewhere.example>: Relay Access Denied for One Domain' },
	{ row => 8, name => 'score', ip => '203.0.10.8', mail => 'spam', text => 'Message cannot be accepted, spam rejection' },
	{ row => 8, name => 'listing', ip => '203.0.20.20', listed => 1, text => 'Message cannot be accepted, spam rejection' },
	{ row => 9, name => 'DNS list of links', ip => '203.0.10.9', mail => 'link', text => 'Message refused by DNSBL check' },
	{ row => 9, name => 'DNS list of senders', ip => '203.0.10.9', from => 'x@badsender.example', mail => 'clean',
		text => 'Message refused by DNSBL check' },
	{ row => 10, name => 'sender list', ip => '203.0.10.10', from => 'x@blocked.example',
		text => '<x@blocked.example>: Sender address rejected: Access denied' },
	{ row => 10, name => 'sender list, one address', ip => '203.0.10.10', from => 'bob@mixed.example',
		text => '<bob@mixed.example>: Sender address rejected: Access denied' },
	{ row => 10, name => 'From list', ip => '203.0.10.10', mail => 'phish',
		text => '<ann@client.example>: Sender address rejected: Access denied' },
);
my %MAIL = (%Scenario::TEXT, link => 'come to http://www.parrot-sale.com/now', phish => 'your account');
my $NO_BODY = qr/^(?:554 5\.5\.1|503 5\.0\.0)/;

sub mail_text {
	my ($class, $more) = @_;
	my $text = Scenario::message($MAIL{$class} . ($more // ''));
	$text =~ s/^From: .*/From: Bank <help\@phish.example>/m if $class eq 'phish';
	return $text;
}

sub begin { my ($c, $r) = @_; return $c->cmd('MAIL FROM:<' . ($r->{from} // $ANN) . '>') }

sub refused_at_rcpt {
	my ($c, $r, $want, $note) = @_;
	my $to = $r->{to} || $ME;
	like begin($c, $r), qr/^250/, "$note: nothing is said at MAIL";
	my $reply = $c->cmd("RCPT TO:<$to>");
	like $reply, $want, "$note: exact reply at RCPT";
	like $c->cmd('DATA'), $NO_BODY, "$note: the body is not asked for";
	return Refusals::ref_of($reply);
}

sub several_recipients {
	my ($c, $r, $want, $note) = @_;
	# The trap was hit through the first MTA, and that alone lists a client.
	return if $r->{name} eq 'trap' && $note =~ /^sendmail/;
	begin($c, $r);
	my @replies = map { $c->cmd("RCPT TO:<$_>") } ($ME, $r->{to} || $ME, 'third@postern.test');
	if ($r->{good}) {
		like $replies[0], qr/^250/, "$note: others before it are taken";
		like $replies[1], $want, "$note: it alone is refused";
		like $replies[2], qr/^250/, "$note: others behind it are taken";
		like $c->data(mail_text('clean')), qr/^250/, "$note: and get their mail";
	} else {
		like $_, $want, "$note: each of several recipients is refused" for @replies;
		like $c->cmd('DATA'), $NO_BODY, "$note: and no body is asked for";
	}
}

sub pipelined_refusal {
	my ($c, $r, $want, $note) = @_;
	my $to = $r->{to} || $ME;
	$c->send('MAIL FROM:<' . ($r->{from} // $ANN) . '>', "RCPT TO:<$to>", "RCPT TO:<$to>", 'DATA');
	like $c->reply, qr/^250/, "$note: pipelined MAIL";
	like $c->reply, $want, "$note: pipelined RCPT" for 1 .. 2;
	like $c->reply, $NO_BODY, "$note: pipelined DATA gets no 354";
}

sub one_row {
	my ($kind, $port, $r) = @_;
	my $note = "$kind, row $r->{row} ($r->{name})";
	my $want = Refusals::exactly($r->{text}, $r->{code});
	my $c = Refusals::client($kind, $port, $r->{$kind} || $r->{ip}, helo => $r->{helo});
	if ($r->{mail}) {
		like $c->deliver($r->{from} // $ANN, [ $ME, 'too@postern.test' ], mail_text($r->{mail})), $want,
			"$note: exact reply at the dot";
		like $c->deliver($ANN, $ME, mail_text('clean')), qr/^250/, "$note: the next message passes";
	} else {
		my $ref = refused_at_rcpt($c, $r, $want, $note);
		like $c->cmd('RSET'), qr/^250/, "$note: RSET";
		several_recipients($c, $r, $want, $note);
		$c->cmd('RSET');
		pipelined_refusal($c, $r, $want, $note);
		$c->cmd('RSET');
		like $lab->log, qr/ref=$ref .*rcpts=0 refused=1 .*bytes=0\b/, "$note: the log has it, without a body";
	}
	like $c->quit, qr/^221/, "$note: the session ends in order";
}

# A sample of a listed client's mail is read to the end (doc/reputation.md).
sub listed_row {
	my ($kind, $port, $r) = @_;
	my $note = "$kind, row $r->{row} ($r->{name})";
	my $want = Refusals::exactly($r->{text});
	my $early = 0;
	for (1 .. 20) {
		my $c = Refusals::client($kind, $port, $r->{ip});
		begin($c, $r);
		my $reply = $c->cmd("RCPT TO:<$ME>");
		if ($reply =~ /^250/) {
			like $c->data(mail_text('clean')), $want, "$note: the sample is refused at the dot";
		} else {
			like $reply, $want, "$note: exact reply at RCPT";
			like $c->cmd('DATA'), $NO_BODY, "$note: the body is not asked for";
			$early++;
		}
		$c->quit;
		last if $early >= 3;
	}
	is $early, 3, "$note: most are refused at RCPT";
}

# ---- who is exempt, what is allowed, what is shadow --------------------------------------

sub exempt {
	my ($kind, $port) = @_;
	for my $case ([ 1, '203.0.1.10', $ANN ], [ 2, '203.0.5.7', $ANN ], [ 8, '203.0.20.20', $ANN ], [ 10, '203.0.10.10', 'x@blocked.example' ]) {
		my ($row, $ip, $from) = @$case;
		my $c = Refusals::client($kind, $port, $ip);
		$c->cmd("MAIL FROM:<$from>");
		like $c->cmd("RCPT TO:<$_\@postern.test>"), qr/^250/, "$kind, row $row: $_ is exempt" for qw(postmaster Abuse);
		like $c->cmd("RCPT TO:<$ME>"), qr/^554/, "$kind, row $row: nobody else is" unless $row == 8;
		$c->quit;
	}
	my $c = Refusals::client($kind, $port, '203.0.10.12');
	like $c->deliver($ANN, 'postmaster@elsewhere.example', ''),
		Refusals::exactly('<postmaster@elsewhere.example>: Relay access denied'), "$kind: postmaster of another domain is not";
	$c->cmd('RSET');
	like $c->deliver($ANN, 'postmaster@postern.test', mail_text('rules')),
		Refusals::exactly('Message cannot be accepted, rules rejection'), "$kind: nor is what postmaster gets";
	$c->quit;
}

sub allowed {
	my ($kind, $port) = @_;
	my $c = Refusals::client($kind, $port, '203.0.2.10', helo => 'liar.example');
	like $c->deliver('x@blocked.example', 'old@postern.test', mail_text('spam')), qr/^250/,
		"$kind: an allowed client passes HELO, sender and recipient lists and the content";
	like $c->deliver('x@blocked.example', 'x@elsewhere.example', mail_text('rules')), qr/^250/, "$kind: and relays";
	$c->quit;
	$c = Refusals::client($kind, $port, '203.0.5.88');
	like $c->deliver($ANN, $ME, mail_text('clean')), qr/^250/, "$kind: a DNS allow list excuses from a DNS list";
	like $c->deliver($ANN, $ME, mail_text('spam')), Refusals::exactly('Message cannot be accepted, spam rejection'),
		"$kind: not from the content";
	$c->quit;
}

# The record of the one mail that was delivered since.
sub delivered_record {
	my ($kind) = @_;
	my @mail;
	$lab->wait_for('delivery', 20, sub { @mail = $lab->delivered($kind); @mail > 0 });
	my ($ref) = $mail[-1] =~ /^X-Postern: .*ref=([0-9A-Z-]+)/m;
	return Refusals::record($lab, $ref);
}

sub shadowed {
	my ($kind, $port) = @_;
	for my $case ([ '203.0.3.3', 'access client', 'client' ], [ '203.0.6.6', 'shadowed.test', 'dnsbl' ]) {
		my ($ip, $name, $class) = @$case;
		$lab->wait_for('older deliveries', 20, sub { !$lab->waiting($kind) });
		$lab->clear_delivered($kind);
		my $c = Refusals::client($kind, $port, $ip);
		like $c->deliver($ANN, $ME, mail_text('clean')), qr/^250/, "$kind: shadow, $name: accepted";
		$c->quit;
		my $record = delivered_record($kind);
		my ($reason) = grep { $_->{name} eq $name } @{ $record->{reasons} || [] };
		ok $reason && $reason->{shadow}, "$kind: shadow, $name: recorded as would have" or diag explain $record->{reasons};
		is $reason->{class}, $class, "$kind: shadow, $name: with its class";
	}
}

sub actions {
	my ($kind, $port) = @_;
	my $send = sub {
		my ($ip, $from) = @_;
		my $c = Refusals::client($kind, $port, $ip);
		my $reply = $c->deliver($from || $ANN, $ME, mail_text('clean'));
		$c->quit;
		return $reply;
	};
	like $send->('203.0.4.15'), Refusals::exactly('Message cannot be accepted, spam rejection'), "$kind: score 20 refuses by score";
	like $send->('203.0.4.16'), qr/^250/, "$kind: an expired line refuses nobody";
	$lab->wait_for('older deliveries', 20, sub { !$lab->waiting($kind) });
	$lab->clear_delivered($kind);
	like $send->('203.0.4.14'), qr/^250/, "$kind: discard says 250";
	like $send->('203.0.4.12'), qr/^250/, "$kind: quarantine says 250";
	like $send->('203.0.4.13'), qr/^250/, "$kind: tag says 250";
	$lab->wait_for('delivery', 20, sub { scalar(my @m = $lab->delivered($kind)) });
	my @mail = $lab->delivered($kind);
	is scalar(@mail), 1, "$kind: of the three only the tagged one is delivered";
	like $mail[0], qr/^X-Spam-Flag: YES/m, "$kind: and is marked";
	is $lab->held($kind), 1, "$kind: one is held";
	like $send->('203.0.4.17', 'x@guarded.example'), qr/^250/, "$kind: unless spf-pass: SPF passed";
	like $send->('203.0.4.18', 'x@guarded.example'),
		Refusals::exactly('<x@guarded.example>: Sender address rejected: Access denied'), "$kind: unless spf-pass: SPF failed";
}

# ---- the order of decision ----------------------------------------------------------------

sub reason_names { my ($reply) = @_; return [ map { $_->{name} } @{ Refusals::record($lab, Refusals::ref_of($reply))->{reasons} } ] }

# Everything at once: the first in the order gives the reply, all others are recorded.
sub ordered {
	my ($kind, $port) = @_;
	my $c = Refusals::client($kind, $port, '203.0.1.10', helo => 'liar.example');
	my $reply = $c->deliver('x@blocked.example', 'old@postern.test', '');
	like $reply, Refusals::exactly('<unknown[203.0.1.10]>: Client host rejected: Access denied'), "$kind: the client list comes first";
	$c->quit;
	my $reasons = Refusals::record($lab, Refusals::ref_of($reply))->{reasons};
	is_deeply [ map { $_->{name} } @$reasons ], [ 'access client', 'access helo', 'access sender', 'access recipient' ],
		"$kind: all four are recorded, in order";
	is_deeply [ map { $_->{decided} ? 1 : 0 } @$reasons ], [ 1, 0, 0, 0 ], "$kind: one decided";
	like $reasons->[0]{where}, qr/lists\.access:1$/, "$kind: with its file and line";
	like $reasons->[0]{detail}, qr/ann.*sold to a spammer/, "$kind: and who wrote it and why";

	$c = Refusals::client($kind, $port, '203.0.5.9');
	$reply = $c->deliver('x@blocked.example', 'x@elsewhere.example', '');
	like $reply, Refusals::exactly('<x@blocked.example>: Sender address rejected: Access denied'), "$kind: at RCPT the lists come first";
	$c->quit;
	is_deeply reason_names($reply), [ 'access sender', 'relay guard', 'bl.test' ], "$kind: then relay guard, then DNS lists";
	$c = Refusals::client($kind, $port, '203.0.10.11');
	$reply = $c->deliver($ANN, $ME, mail_text('phish', " http://parrot-sale.com/ $MAIL{rules} $MAIL{dict} $MAIL{spam}"));
	like $reply, Refusals::exactly('<ann@client.example>: Sender address rejected: Access denied'), "$kind: at the dot the From list comes first";
	is_deeply reason_names($reply), [ 'access from', 'uri.test', 'TEST_RULE', 'parrots', 'score' ],
		"$kind: then DNS lists, rules, dictionaries, score";
	$c->quit;
}

# ---- both MTAs ----------------------------------------------------------------------------

my $served = 0;
for my $kind (qw(postfix sendmail)) {
	SKIP: {
		skip 'no public client addresses for sendmail here', 1 if $kind eq 'sendmail' && !$public;
		my $port = $lab->start_mta($kind);
		skip "no private $kind on this machine", 1 unless $port;
		$served++;
		for my $row (@ROWS) { $row->{listed} ? listed_row($kind, $port, $row) : one_row($kind, $port, $row) }
		exempt($kind, $port);
		allowed($kind, $port);
		shadowed($kind, $port);
		actions($kind, $port);
		ordered($kind, $port);
	}
}

# ---- evidence ------------------------------------------------------------------------------

SKIP: {
	skip 'no redis-server here', 1 if $redis eq 'none';
	skip 'no MTA, no evidence', 1 unless $served;
	my $field = sub { $lab->redis_cli('redis', 'HGET', "postern:rep:{4:$_[0]}", $_[1]) || 0 };
	$lab->wait_for('evidence', 10, sub { $field->('203.0.16.4', 'rejected') });
	cmp_ok $field->('203.0.16.4', 'trap'), '>', 0, 'mail to a trap is evidence of that kind';
	cmp_ok $field->('203.0.5.7', 'dnsbl'), '>', 0, 'refusals by DNS lists are counted';
	is $field->('203.0.5.7', 'bs') + $field->('203.0.5.7', 'bl'), 0, 'but weigh nothing';
	cmp_ok $field->('203.0.20.20', 'self'), '>', 0, 'so are those by our own listing';
}

ok $lab->alive('posternd'), 'posternd is still there';
unlike $lab->log, qr/problem=/, 'nothing libmilter refused';
done_testing;
