#!/usr/bin/perl
# Mail that comes without a network client: sendmail(1) and sendmail -bs of a real
# Postfix (non_smtpd_milters, 127.0.0.1 with port 0) and a real Sendmail. And IPv6
# clients through Postfix.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IPC::Open2;
use JSON::PP ();
use Lab;
use Refusals;
use Scenario;
use Test::More;

plan skip_all => 'needs root to start an MTA' if $> != 0;
my $ANN = 'ann@client.example';
my $MTA = "$Lab::BUILD/mta";
chomp(my $arch = `gcc -print-multiarch 2>/dev/null` || 'x86_64-linux-gnu');
my $LIBRARIES = join ':', "$MTA/usr/lib/postfix", "$MTA/usr/lib/$arch", "$MTA/lib/$arch";

# Sendmail waits a minute for a host name with a dot.
sub command {
	my ($lab, $kind, @words) = @_;
	return ('env', "LD_LIBRARY_PATH=$LIBRARIES", "MAIL_CONFIG=$lab->{dir}/postfix/etc",
		"$MTA/usr/sbin/sendmail", '-C', "$lab->{dir}/postfix/etc", @words) if $kind eq 'postfix';
	return ('unshare', '-u', 'sh', '-c', 'hostname mx.postern.test && exec "$@"', 'sh', 'env', "LD_LIBRARY_PATH=$LIBRARIES",
		"$MTA/usr/libexec/sendmail/sendmail", "-C$lab->{dir}/sendmail/sendmail.cf", @words);
}

# A dialogue with sendmail -bs; the replies by command.
sub dialogue {
	my ($lab, $kind, $text, @to) = @_;
	my $pid = open2(my $out, my $in, command($lab, $kind, '-bs'));
	my $reply = sub {
		my $all = '';
		while (defined(my $line = <$out>)) { $all .= $line; last if $line =~ /^\d{3} / }
		$all =~ s/\r?\n\z//;
		return $all;
	};
	my $say = sub { syswrite $in, "$_[0]\r\n"; return $reply->() };
	local $SIG{ALRM} = sub { die "no reply of sendmail -bs\n" };
	alarm 60;
	$reply->();
	$say->('EHLO x.example');
	$say->("MAIL FROM:<$ANN>");
	my @rcpt = map { $say->("RCPT TO:<$_>") } @to;
	my $dot = '';
	if (grep { /^250/ } @rcpt) {
		(my $message = Scenario::message($text)) =~ s/\n/\r\n/g;
		$say->('DATA');
		$dot = $say->("$message.");
	}
	syswrite $in, "QUIT\r\n";
	close $in;
	waitpid $pid, 0;
	alarm 0;
	return ($dot, @rcpt);
}

sub record_line {
	my ($lab, $pattern) = @_;
	my $line;
	$lab->wait_for("log line $pattern", 30, sub { ($line) = grep { /message / && $_ =~ $pattern } split /^/m, $lab->log; $line });
	return $line;
}

for my $kind (qw(postfix sendmail)) {
	SKIP: {
		my $lab = Lab->new;
		# Rules for everybody: nobody is trusted, so that only "local" excuses.
		Refusals::start($lab, trusted_networks => '10.99.99.0/24', greylist => 'unknown');
		mkdir "$lab->{dir}/bin";
		$lab->write_file("$lab->{dir}/bin/postdrop", "#!/bin/sh\nLD_LIBRARY_PATH=$LIBRARIES exec $MTA/usr/sbin/postdrop \"\$@\"\n");
		chmod 0755, "$lab->{dir}/bin/postdrop";
		my $port = $lab->start_mta($kind, $kind eq 'postfix' ? (options => [ "command_directory=$lab->{dir}/bin", 'inet_protocols=all' ]) : ());
		skip "no private $kind on this machine", 1 unless $port;

		my ($dot, @rcpt) = dialogue($lab, $kind, $Scenario::TEXT{clean}, 'you@postern.test', 'x@elsewhere.example');
		like $_, qr/^250/, "$kind -bs: a local user may write, and relay" for @rcpt;
		like $dot, qr/^250/, "$kind -bs: clean mail is taken";
		record_line($lab, qr/from=\S*ann\@client\.example\S* .*verdict=accept/);
		my $line = record_line($lab, $kind eq 'postfix' ? qr/client=127\.0\.0\.1 / : qr/client=(?:local|127\.0\.0\.1) /);
		ok $line, "$kind -bs: whose client is this host";

		($dot) = dialogue($lab, $kind, $Scenario::TEXT{spam}, 'too@postern.test');
		record_line($lab, qr/to=\S*too\@postern\.test\S* .*verdict=reject class=spam/);
		if ($kind eq 'postfix') {
			like $dot, qr/^250/, 'postfix -bs: the queue takes it; what the milter refuses comes back as a bounce';
			$lab->wait_for('bounce', 30, sub { scalar grep { /spam rejection/ } $lab->delivered($kind) });
			my ($bounce) = grep { /spam rejection/ } $lab->delivered($kind);
			like $bounce, qr/Message cannot be accepted, spam rejection\s+\[ref\s+[0-9A-Z]{4}-[0-9A-Z]{5}\]/, 'with the reply in it';
		} else {
			like $dot, Refusals::exactly('Message cannot be accepted, spam rejection'), 'sendmail -bs: spam is refused at the dot';
		}
		my (undef, $out) = $lab->postern('rep', 'show', '--json', '127.0.0.1');
		like $out, qr/"seen":\s*0/, "$kind: this host gets no reputation";
		if ($kind eq 'postfix') {
			my $c = Refusals::client($kind, $port, '2001:db8::7');
			$c->cmd("MAIL FROM:<$ANN>");
			like $c->cmd('RCPT TO:<you@postern.test>'),
				qr/^554 5\.7\.1 Service unavailable; Client host \[2001:db8::7\] blocked using bl\.test; Spam source/, 'IPv6 by XCLIENT: listed in a DNS list';
			like $c->cmd('DATA'), qr/^554 5\.5\.1/, 'and no body is asked for';
			$c->quit;
			$c = Refusals::client($kind, $port, '2001:db9::7', name => 'six.example');
			$c->cmd("MAIL FROM:<$ANN>");
			like $c->cmd('RCPT TO:<x@elsewhere.example>'), Refusals::exactly('<x@elsewhere.example>: Relay access denied'), 'IPv6: relay guard';
			like $c->cmd('RCPT TO:<you@postern.test>'),
				qr/^451 4\.7\.1 <six\.example\[2001:db9::7\]>: Client host is on trial; try again in 300 seconds /, 'IPv6: name and address in the reply';
			$c->quit;
		}
		ok $lab->alive('posternd'), "$kind: posternd is still there";
		unlike $lab->log, qr/problem=/, "$kind: nothing libmilter refused";
	}
}
done_testing;
